import type { Cell } from "./matrix.ts";

/** Numbers from 0 to below 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

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
