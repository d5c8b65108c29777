import type { OperationMoment } from "../../local/operations.ts";
import type { PhaseName } from "./phases.ts";

/** One operation of a run of Pulumi, as the local RunPod sees it arrive. */
export interface Operation {
  phase: PhaseName;
  /** A root field of RunPod's schema. */
  name: string;
  /** The how-many-th of that name in the run, from 1. */
  occurrence: number;
  kind: "query" | "list" | "mutation";
}

export const operationLabel = ({ phase, name, occurrence }: Operation): string => `${phase} ${name}#${occurrence}`;

/**
 * Numbers the operations of one run as they arrive. Asking for the same pod again and again is waiting, and counts once:
 * how often it is asked for depends on the machine.
 */
export function numberOperations(phase: PhaseName): (moment: OperationMoment) => Operation {
  const counts = new Map<string, number>();
  let lastAsked: string | undefined;
  return ({ name, podId, isMutation }) => {
    const asked = name === "pod" ? podId : undefined;
    const count = (counts.get(name) ?? 0) + (asked !== undefined && asked === lastAsked ? 0 : 1);
    counts.set(name, count);
    lastAsked = asked;
    return { phase, name, occurrence: count, kind: isMutation ? "mutation" : name === "myself" ? "list" : "query" };
  };
}

/** Each operation once, in the order in which they came first. */
export function distinct(operations: Operation[]): Operation[] {
  return [...new Map(operations.map((operation) => [operationLabel(operation), operation])).values()];
}
