import { createHash } from "node:crypto";
import fc from "fast-check";
import { aftermath, memoryAbove, memoryBounds } from "./aftermath.ts";
import type { Case, Cell } from "./cells.ts";
import { createSender, type Outcome, type Sender, type Tally } from "./sender.ts";
import { createStage, furnish, type Memory } from "./stage.ts";

export interface FuzzOptions {
  cells: readonly Cell[];
  /** Requests in all, or somewhat more. */
  runs: number;
  seed: number;
  /** Cells at a time. */
  jobs: number;
  /** Ends it early, with its reason. */
  signal?: AbortSignal;
  onCell?: (cell: Cell, result: CellResult) => void;
}

export interface CellResult {
  requests: number;
  milliseconds: number;
  /** How it failed: what is wrong, and the smallest request that does it. */
  failure: { problem: string; sent: Buffer } | undefined;
  /** Whether one of them had what its kind asks for. */
  isProved: boolean;
}

export interface FuzzResult {
  tally: Tally;
  /** Everything that is wrong, cells that failed left out. */
  problems: string[];
  failed: number;
  /** How much more memory the gateway has than before, in MiB. */
  memory: Memory;
}

/** Sends generated requests to a gateway, and looks at it afterwards. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { runs, signal, onCell } = options;
  const stage = await createStage();
  try {
    const sender = createSender(stage, await furnish(stage));
    // What the first requests load, and the room that so many at a time take, is there for good.
    await runAll({ ...options, runs: Math.ceil(runs / 10), seed: 0, onCell: () => undefined }, sender);
    const before = await stage.memory();

    const problems: string[] = [];
    let failed = 0;
    const note = (cell: Cell, result: CellResult): void => {
      if (!result.isProved) problems.push(`${cell.name}: none had the ${cell.proof} that shows that it was tried`);
      if (result.failure !== undefined) failed += 1;
      onCell?.(cell, result);
    };
    await runAll({ ...options, onCell: note }, sender);
    signal?.throwIfAborted();

    if (stage.gateway.process.exitCode !== null) throw new Error(`the gateway has ended: ${stage.gateway.stderr()}`);
    const memory = await memoryAbove(stage, before);
    for (const kind of ["resident", "inUse"] as const) {
      const more = memory[kind];
      if (more > memoryBounds[kind]) problems.push(`memory (${kind}) is ${more.toFixed()} MiB more than before`);
    }
    problems.push(...(await aftermath(stage, sender.tally)));
    return { tally: sender.tally, problems, failed, memory };
  } finally {
    await stage.close();
  }
}

async function runAll({ cells, runs, seed, jobs, signal, onCell }: FuzzOptions, sender: Sender): Promise<void> {
  const rest = [...cells];
  const share = Math.ceil(runs / cells.length);
  const isOver = (): boolean => signal?.aborted === true;
  const work = async (): Promise<void> => {
    for (let cell = rest.shift(); cell !== undefined && !isOver(); cell = rest.shift()) {
      // Not every right request gets what it asks for: some name what is gone.
      const numRuns = cell.proof === "success" ? Math.max(share, 10) : share;
      const result = await runCell(cell, numRuns, seed, sender, signal);
      if (!isOver()) onCell?.(cell, result);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

async function runCell(
  cell: Cell,
  numRuns: number,
  seed: number,
  sender: Sender,
  signal: AbortSignal | undefined,
): Promise<CellResult> {
  const start = performance.now();
  let requests = 0;
  let isProved = false;
  let worst: Outcome | undefined;
  let giveUpAt = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(cell.cases, async (one: Case) => {
    // A smaller one would be nice to have, but each may take as long as there is patience.
    if (performance.now() > giveUpAt || signal?.aborted === true) return;
    const outcome = await sender.send(one);
    requests += 1;
    const proofs = { success: outcome.isSuccess, change: one.isChanged, answer: outcome.answer !== undefined };
    isProved ||= proofs[cell.proof];
    if (outcome.problem === undefined) return;
    // The latest to fail is the smallest.
    worst = outcome;
    giveUpAt = Math.min(giveUpAt, performance.now() + shrinkingMs);
    throw new Error(outcome.problem);
  });
  const { failed } = await fc.check(property, { numRuns, seed: seedOf(cell, seed) });
  return {
    requests,
    milliseconds: performance.now() - start,
    failure: failed && worst !== undefined ? { problem: worst.problem ?? "", sent: worst.sent } : undefined,
    isProved,
  };
}

/** The same whichever other kinds are run. */
const seedOf = ({ name }: Cell, seed: number): number =>
  createHash("sha256").update(`${seed} ${name}`).digest().readInt32BE();

const shrinkingMs = 20_000;
