import type { Cell } from "./matrix.ts";

const resourceTypes = ["pod", "network volume", "registry credential"] as const;

export type ResourceType = (typeof resourceTypes)[number];

/** Something that RunPod has for a deployment. */
export interface Resource {
  type: ResourceType;
  id: string;
  /** Two of one name are one too many. */
  name: string;
}

const makes: Record<string, ResourceType> = {
  podFindAndDeployOnDemand: "pod",
  podRentInterruptable: "pod",
  createNetworkVolume: "network volume",
  saveRegistryAuth: "registry credential",
};

const removes: Record<string, ResourceType> = {
  podTerminate: "pod",
  deleteNetworkVolume: "network volume",
  deleteRegistryAuth: "registry credential",
};

/** Its effect, or its answer, comes when the user has gone on already. */
export const isLate = ({ fault }: Cell): boolean => / late(,|$)/.test(fault);

/** The engine dies, and leaves the stack locked. */
export const killsEngine = ({ fault }: Cell): boolean =>
  fault.startsWith("SIGKILL") || fault.startsWith("SIGINT twice");

/** Happens once, and is over: a deployment does not fail for it. */
export const isHiccup = ({ fault }: Cell): boolean => !fault.startsWith("SIG") && fault !== "outage from here";

/**
 * What comes late takes a resource away that another run relies on by then, and nobody can prevent it: a request to remove
 * it is on its way, or the provider that had asked for it hears so and cannot know that it was adopted. The next `up` makes
 * another one; until then nothing is billed.
 */
export function takenAway(cell: Cell): ResourceType | undefined {
  const { name, phase, occurrence } = cell.operation;
  if (cell.fault === "SIGKILL, answer late") return makes[name];
  return isLate(cell) && phase.endsWith("destroy") && occurrence === 1 ? removes[name] : undefined;
}

/**
 * What is made so late, and without an answer, that nobody waits for it any more. A pod tells which request made it, and
 * is given back; whether a volume or a credential is that of a later run nobody can tell.
 */
export function comesForNobody({ operation, fault }: Cell): ResourceType | undefined {
  const type = makes[operation.name];
  return fault === "SIGKILL, effect late, no answer" && type !== "pod" ? type : undefined;
}

/** @param expected one of each of these types, and none of the others */
export function countProblems(when: string, expected: readonly ResourceType[], resources: Resource[]): string[] {
  return resourceTypes.flatMap((type) => {
    const there = resources.filter((resource) => resource.type === type);
    const count = expected.filter((one) => one === type).length;
    if (there.length === count) return [];
    return [`${when}: ${there.length} of type ${type} instead of ${count} (${there.map(({ id }) => id).join(", ")})`];
  });
}

/**
 * Nothing is left, with one exception. Of what an engine created that was killed before it wrote that down, the Owner
 * removes pods only: a volume may be retained on purpose, and its data cannot be had back. So one of each may stay, when
 * the destroy tells of it.
 * @param state the stack's before that destroy
 * @param output what that destroy wrote
 */
export function leftProblems(cell: Cell, left: Resource[], state: string, output: string): string[] {
  const nobodys = comesForNobody(cell);
  const isUnrecorded = killsEngine(cell) && cell.ending === "destroy" && /(create|replace)$/.test(cell.operation.phase);
  const mayStay = left.filter(
    ({ type, id }) => type === nobodys || (isUnrecorded && type !== "pod" && !state.includes(id)),
  );
  // Nobody can tell of what came after the destroy.
  const isTold = ({ type, id }: Resource): boolean =>
    output.includes(id) || (type === nobodys && cell.ending === "destroy");
  return [
    ...countProblems("in the end", [...new Set(mayStay.map(({ type }) => type))], left),
    ...mayStay
      .filter((one) => !isTold(one))
      .map(({ type, id }) => `destroy does not tell of ${type} ${id}, which is left`),
  ];
}
