import { beforeAll, describe, expect, it } from "vitest";
import { runCell } from "../faults/cell-run.ts";
import { type Cell, cellLabel, cellsOf, uncovered } from "../faults/matrix.ts";
import type { Operation } from "../faults/operations.ts";
import { cleanRuns } from "../faults/phases.ts";
import { sample } from "../faults/sample.ts";

const size = 6;
const seed = Number(process.env["FAULTS_SEED"] ?? 1);

// All of them: npm run faults.
describe(`nothing is lost, whatever breaks (sample ${seed}; another one with FAULTS_SEED)`, () => {
  let operations: Operation[];
  let cells: Cell[];
  let chosen: Cell[];
  beforeAll(async () => {
    operations = await cleanRuns();
    cells = cellsOf(operations);
    chosen = sample(cells, size, seed);
  });

  it("breaks every operation that changes a pod", () => {
    const names = ["podRentInterruptable", "podEditJob", "podBidResume", "podTerminate"];
    expect(operations.filter(({ kind }) => kind === "mutation").map(({ name }) => name)).toEqual(
      expect.arrayContaining(names),
    );
    expect(
      uncovered(
        operations.map(({ name }) => name),
        cells,
      ),
    ).toEqual([]);
  });

  it.each(Array.from({ length: size }, (_, at) => at))("cell %i of the sample", async (at) => {
    const [cell] = chosen.slice(at, at + 1);
    if (cell === undefined) throw new Error("the sample is smaller than that");
    console.log(cellLabel(cell));
    const { problems, seen, log } = await runCell(cell);
    expect(problems, `${cellLabel(cell)}\n${log}`).toEqual([]);
    expect(uncovered(seen, cells), "operations that nothing ever breaks").toEqual([]);
  });
});
