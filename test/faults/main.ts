/** `npm run faults`: breaks every operation of every phase in every way, and looks whether anything is lost. */
import { Command } from "commander";
import { atLeastOne } from "../support/at-least-one.ts";
import { type CellResult, runCell } from "./cell-run.ts";
import { type Cell, cellLabel, cellsOf, uncovered } from "./matrix.ts";
import { cleanRuns } from "./phases.ts";
import { sample } from "./sample.ts";
import { resultTable } from "./table.ts";

interface Flags {
  only: string[];
  sample?: number;
  from: number;
  seed: number;
  jobs: number;
}

await new Command("faults")
  .description("Breaks every operation of every deployment in every way, and looks whether anything is lost or billed")
  .option("--only <text...>", "only cells whose name holds all of these: --only 'pod create' SIGKILL", [])
  .option("--sample <number>", "only so many cells, as different as there are", atLeastOne)
  .option("--from <number>", "not those before that one: goes on where a run was broken off", atLeastOne, 1)
  .option("--seed <number>", "which sample", atLeastOne, 1)
  .option("--jobs <number>", "cells at a time", atLeastOne, 2)
  .action(main)
  .parseAsync();

async function main(flags: Flags): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interruption.abort(new Error("interrupted")));
  }
  console.log("looking at what RunPod sees when nothing breaks …");
  const operations = await cleanRuns();
  const all = cellsOf(operations);
  const meant = all.filter((cell) => flags.only.every((text) => cellLabel(cell).includes(text)));
  const rest = meant.slice(flags.from - 1);
  const cells = flags.sample === undefined ? rest : sample(rest, flags.sample, flags.seed);
  const seed = flags.sample === undefined ? "" : `, seed ${flags.seed}`;
  console.log(`${operations.length} operations, ${all.length} cells; running ${cells.length}${seed}`);

  const results = await runAll(cells, flags.jobs, interruption.signal);
  const failed = [...results].filter(([, { problems }]) => problems.length > 0);
  const bare = uncovered(
    [...results.values()].flatMap(({ seen }) => seen),
    all,
  );
  console.log(resultTable(operations, cells, (label) => results.get(label)?.problems.length === 0));
  for (const name of bare) console.log(`FAIL ${name} was asked for, but it is in no phase, so nothing ever breaks it`);
  for (const [label, { problems }] of failed) console.log(`FAIL ${label}: ${problems.join("; ")}`);
  console.log(`${results.size - failed.length} passed, ${failed.length} failed`);
  // What a killed engine has left may hold this process.
  process.exit(failed.length + bare.length > 0 || cells.length === 0 ? 1 : 0);
}

async function runAll(cells: Cell[], jobs: number, signal: AbortSignal): Promise<Map<string, CellResult>> {
  const results = new Map<string, CellResult>();
  const rest = [...cells];
  const work = async (): Promise<void> => {
    for (let cell = rest.shift(); cell !== undefined && !signal.aborted; cell = rest.shift()) {
      const start = performance.now();
      const result = await runCell(cell, signal);
      results.set(cellLabel(cell), result);
      const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
      const count = `${results.size}/${cells.length}`.padStart(9);
      const state = result.problems.length === 0 ? "ok  " : "FAIL";
      console.log(`${state} ${count} ${seconds} s  ${cellLabel(cell)}${details(result)}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results;
}

function details({ problems, log }: CellResult): string {
  if (problems.length === 0) return "";
  return `\n${problems.map((problem) => `     ${problem}\n`).join("")}${log.replaceAll(/^/gm, "     | ")}`;
}
