import { type Operation, operationLabel } from "./operations.ts";

/** What RunPod does to the operation, or what becomes of the engine when it arrives. */
export const faultNames = [
  "http500",
  "http429",
  "timeout",
  "reset-before",
  "reset-after",
  "list-lag",
  "reset-after, lists lag",
  "outage from here",
  "SIGINT",
  "SIGINT twice, before",
  "SIGINT twice, after",
  "SIGKILL, before",
  "SIGKILL, after",
  "SIGKILL, effect late",
  "SIGKILL, answer late",
  "SIGKILL, effect late, no answer",
] as const;

export type FaultName = (typeof faultNames)[number];

/** How a user goes on. */
export const endings = ["up", "destroy"] as const;

export type Ending = (typeof endings)[number];

export interface Cell {
  operation: Operation;
  fault: FaultName;
  ending: Ending;
}

export const cellLabel = ({ operation, fault, ending }: Cell): string =>
  `${operationLabel(operation)} × ${fault} → ${ending}`;

const onLists: readonly FaultName[] = ["list-lag"];
// Of a question the effect is nothing: before and after are the same.
const onMutations: readonly FaultName[] = [
  "reset-after, lists lag",
  "SIGINT twice, after",
  "SIGKILL, after",
  "SIGKILL, effect late",
  "SIGKILL, answer late",
  "SIGKILL, effect late, no answer",
];

export function faultsOf({ kind }: Operation): FaultName[] {
  return faultNames.filter((fault) => {
    if (onLists.includes(fault)) return kind === "list";
    return kind === "mutation" || !onMutations.includes(fault);
  });
}

export const cellsOf = (operations: Operation[]): Cell[] =>
  operations.flatMap((operation) =>
    faultsOf(operation).flatMap((fault) => endings.map((ending) => ({ operation, fault, ending }))),
  );

/** Its effect, or its answer, comes when the user has gone on already. */
export const isLate = ({ fault }: Cell): boolean => / late(,|$)/.test(fault);

/**
 * What comes late takes the pod away that another run relies on by then, and nobody can prevent it: a request to
 * terminate it is on its way, or the provider that had asked for it hears so and cannot know that it was adopted. The
 * next `up` rents another one; until then nothing is billed.
 */
export const takesPodAway = (cell: Cell): boolean => {
  const { name, phase, occurrence } = cell.operation;
  if (cell.fault === "SIGKILL, answer late") return /^pod(Rent|Find)/.test(name);
  return isLate(cell) && phase === "destroy" && name === "podTerminate" && occurrence === 1;
};

/** Names of operations to which nothing happens in any cell. */
export function uncovered(names: Iterable<string>, cells: Cell[]): string[] {
  const covered = new Set(cells.map(({ operation }) => operation.name));
  return [...new Set(names)].filter((name) => !covered.has(name));
}
