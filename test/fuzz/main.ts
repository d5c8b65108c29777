/** `npm run fuzz`: sends the gateway whatever can be sent, and looks whether it answers, and what is left. */
import { randomInt } from "node:crypto";
import { Command, InvalidArgumentError } from "commander";
import { memoryBounds } from "./aftermath.ts";
import { allCells, type Cell } from "./cells.ts";
import { type CellResult, fuzz } from "./run.ts";

interface Flags {
  only: string[];
  runs: number;
  seed?: number;
  jobs: number;
}

await new Command("fuzz")
  .description(
    "Sends generated requests, right and wrong ones, to a gateway, and looks whether each of them is answered",
  )
  .option("--only <text...>", "only requests whose kind holds all of these: --only path:", [])
  .option("--runs <number>", "how many requests", atLeastOne, 10_000)
  .option("--seed <number>", "which requests; without it others each time", atLeastOne)
  .option("--jobs <number>", "requests at a time", atLeastOne, 8)
  .action(main)
  .parseAsync();

async function main({ only, runs, seed = randomInt(1, 1_000_000), jobs }: Flags, command: Command): Promise<void> {
  const cells = allCells().filter(({ name }) => only.every((text) => name.includes(text)));
  if (cells.length === 0) command.error(`no kind of request has ${only.join(" and ")} in its name`);
  console.log(`${runs} requests of ${cells.length} kinds, seed ${seed}`);
  const start = performance.now();
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
  const { signal } = interruption;
  const { tally, problems, failed, memory } = await fuzz({ cells, runs, seed, jobs, signal, onCell: tell }).catch(
    (error: unknown) => (signal.aborted ? command.error("interrupted") : Promise.reject(error as Error)),
  );
  const seconds = ((performance.now() - start) / 1000).toFixed();
  const statuses = [...tally.statuses]
    .sort(([one], [other]) => one - other)
    .map(([status, count]) => `${status}: ${count}`);
  console.log(`${tally.requests} requests in ${seconds} s; answers by status: ${statuses.join(", ")}`);
  const { resident, inUse } = memory;
  console.log(`memory of the process: ${resident.toFixed(1)} MiB more than before; ${memoryBounds.resident} may be`);
  console.log(`memory in use: ${inUse.toFixed(1)} MiB more than before; ${memoryBounds.inUse} may be`);
  for (const problem of problems) console.log(`FAIL ${problem}`);
  console.log(`${cells.length - failed} kinds passed, ${failed} failed; seed ${seed}`);
  process.exitCode = failed + problems.length > 0 ? 1 : 0;
}

function tell({ name }: Cell, { requests, milliseconds, failure }: CellResult): void {
  const state = failure === undefined ? "ok  " : "FAIL";
  const seconds = (milliseconds / 1000).toFixed(1).padStart(6);
  console.log(`${state} ${String(requests).padStart(5)} requests ${seconds} s  ${name}`);
  if (failure === undefined) return;
  console.log(`     ${failure.problem}\n${readable(failure.sent).replaceAll(/^/gm, "     | ")}`);
}

/** A request as it can be read, and written again with printf. */
function readable(bytes: Buffer): string {
  const shown = bytes.subarray(0, 4000);
  const text = JSON.stringify(shown.toString("latin1"))
    .slice(1, -1)
    .replaceAll(/[\x7f-\xff]/g, (character) => `\\x${character.charCodeAt(0).toString(16)}`);
  const lines = text.replaceAll("\\r\\n", "\\r\\n\n").replaceAll('\\"', '"').trimEnd();
  return bytes.length > shown.length ? `${lines}… and ${bytes.length - shown.length} bytes more` : lines;
}

function atLeastOne(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError("give a whole number from 1.");
}
