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

/** Names of operations to which nothing happens in any cell. */
export function uncovered(names: Iterable<string>, cells: Cell[]): string[] {
  const covered = new Set(cells.map(({ operation }) => operation.name));
  return [...new Set(names)].filter((name) => !covered.has(name));
}
