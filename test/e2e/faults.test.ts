import { beforeAll, describe, expect, it } from "vitest";
import { operations as documents } from "../../providers/runpod/api/operations.ts";
import { runCell } from "../faults/cell-run.ts";
import { type Cell, cellLabel, cellsOf, uncovered } from "../faults/matrix.ts";
import type { Operation } from "../faults/operations.ts";
import { cleanRuns } from "../faults/phases.ts";
import { sample } from "../faults/sample.ts";

const size = 6;
const seed = Number(process.env["FAULTS_SEED"] ?? 1);

/** Requests of ours that change something, which no phase makes, and why it need not. */
const inNoPhase = {
  podResume: "it is podBidResume for a pod that is no spot pod",
  podStop: "only EndpointReady stops pods",
};

// The whole matrix: npm run faults.
describe(`nothing is lost, whatever breaks (sample ${seed}; another one with FAULTS_SEED)`, () => {
  let operations: Operation[];
  let cells: Cell[];
  let chosen: Cell[];
  beforeAll(async () => {
    operations = await cleanRuns();
    cells = cellsOf(operations);
    chosen = sample(cells, size, seed);
    console.log(chosen.map(cellLabel).join("\n"));
  });

  it("every request that changes something is broken in some cell", () => {
    const ours = Object.values(documents).flatMap((text) => /^mutation \w+\([^)]*\) \{\s*(\w+)/.exec(text)?.[1] ?? []);
    expect(ours).toEqual(expect.arrayContaining(["podTerminate", "updateRegistryAuth"]));
    expect(uncovered(ours, cells).sort()).toEqual(Object.keys(inNoPhase).sort());
  });

  it("every operation of a run in which nothing breaks is broken in some cell", () => {
    expect(operations.length).toBeGreaterThan(20);
    const names = operations.map(({ name }) => name);
    expect(uncovered(names, cells)).toEqual([]);
  });

  it("the sample holds pods and storage", () => {
    const phases = chosen.map(({ operation }) => operation.phase.split(" ")[0]);
    expect(new Set(phases)).toEqual(new Set(["pod", "storage"]));
  });

  // Two at a time, as npm run faults.
  it.each(Array.from({ length: size / 2 }, (_, at) => at * 2))("cells %i and the next of the sample", async (first) => {
    const pair = chosen.slice(first, first + 2);
    expect(pair).toHaveLength(2);
    await Promise.all(
      pair.map(async (cell) => {
        const { problems, seen, log } = await runCell(cell);
        expect(problems, `${cellLabel(cell)}\n${log}`).toEqual([]);
        expect(uncovered(seen, cells), "operations that nothing ever breaks").toEqual([]);
      }),
    );
  });
});
