import { random } from "../support/random.ts";
import type { Cell } from "./matrix.ts";

/** So many cells, as different as there are: no fault and no phase comes twice before every other has come. */
export function sample(cells: Cell[], size: number, seed: number): Cell[] {
  const next = random(seed);
  const rest = cells
    .map((cell) => ({ cell, order: next() }))
    .sort((one, other) => one.order - other.order)
    .map(({ cell }) => cell);
  const chosen: Cell[] = [];
  while (chosen.length < size && rest.length > 0) {
    const used = (same: (cell: Cell) => boolean): number => chosen.filter(same).length;
    const likeness = ({ operation, fault, ending }: Cell): number =>
      used((one) => one.fault === fault) * 100 +
      used((one) => one.operation.phase === operation.phase) * 10 +
      used((one) => one.operation.kind === operation.kind) * 2 +
      used((one) => one.ending === ending);
    const ranks = rest.map(likeness);
    chosen.push(...rest.splice(ranks.indexOf(Math.min(...ranks)), 1));
  }
  return chosen;
}
