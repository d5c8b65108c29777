import { setTimeout as sleep } from "node:timers/promises";
import type { SeenJob } from "./caller.ts";
import { type Load, startLoad } from "./load.ts";
import { planOf, type Strike } from "./plan.ts";
import { type Execution, type Keeper, type Stage, setStage, type Victim } from "./stage.ts";
import { keptJobs, problemsOf } from "./verdict.ts";

export interface Variant {
  victim: Victim;
  keeper: Keeper;
}

export interface CrashRun extends Variant {
  jobs: number;
  kills: number;
  seed: number;
}

export interface CrashResult {
  /** What is wrong; empty when nothing is. */
  problems: string[];
  /** What happened, in a line. */
  summary: string;
  /** What the gateways wrote. */
  log: string;
}

export const variants: readonly (Variant & { label: string })[] = [
  { victim: "gateway", keeper: "attached", label: "kills of the gateway, attached to a ComfyUI" },
  { victim: "gateway", keeper: "child", label: "kills of the gateway, whose child ComfyUI is" },
  { victim: "comfyui", keeper: "attached", label: "kills of a ComfyUI that somebody else restarts" },
  { victim: "comfyui", keeper: "child", label: "kills of a ComfyUI that the gateway restarts" },
];

/**
 * Takes jobs through a gateway while it or its ComfyUI is killed again and again, and looks at what came of them.
 * @param interruption breaks it off; nothing is left running then either
 */
export async function runCrashes(
  { victim, keeper, jobs, kills, seed }: CrashRun,
  interruption?: AbortSignal,
): Promise<CrashResult> {
  const plan = planOf(jobs, kills, seed);
  const ending = new AbortController();
  const longestMs = 60_000 + jobs * 100 + kills * 10_000;
  const signals = [
    ending.signal,
    AbortSignal.timeout(longestMs),
    ...(interruption === undefined ? [] : [interruption]),
  ];
  const signal = AbortSignal.any(signals);
  const stage = await setStage(keeper);
  const ready = async (): Promise<void> => {
    while (!(await stage.isReady())) await sleep(20, undefined, { signal });
  };
  let work: Promise<unknown>[] = [];
  try {
    await ready();
    const start = performance.now();
    const load = startLoad(stage, plan.jobs, signal);
    const strikes = strikeAll(stage, victim, plan.strikes, load, signal);
    work = [load.over, strikes];
    const [seen] = await Promise.all([load.over, strikes]);
    const seconds = (performance.now() - start) / 1000;
    // The last kill may have been a moment ago.
    await ready();
    const exitCode = await stage.endGateway();
    const executions = stage.executions();
    const problems = problemsOf({ seen, kept: keptJobs(stage.database), executions });
    if (exitCode !== 0) problems.push(`the gateway ended with code ${exitCode}`);
    return {
      problems,
      summary: `${kills} kills in ${seconds.toFixed(1)} s, ${summaryOf(seen, executions)}`,
      log: stage.log(),
    };
  } catch (error) {
    return { problems: [`broken off: ${String(error)}`], summary: `${kills} kills`, log: stage.log() };
  } finally {
    ending.abort();
    await Promise.allSettled(work);
    await stage.clear();
  }
}

async function strikeAll(
  stage: Stage,
  victim: Victim,
  strikes: readonly Strike[],
  load: Load,
  signal: AbortSignal,
): Promise<void> {
  for (const { afterJobs, delayMs, intoRequestMs } of strikes) {
    while (load.ended() < afterJobs) await sleep(5, undefined, { signal });
    await sleep(delayMs, undefined, { signal });
    if (intoRequestMs !== undefined) {
      await load.nextRequest();
      await sleep(intoRequestMs, undefined, { signal });
    }
    await stage.kill(victim);
  }
}

function summaryOf(seen: readonly SeenJob[], executions: readonly Execution[]): string {
  const count = (is: (job: SeenJob) => boolean): number => seen.filter(is).length;
  return [
    `${seen.length} jobs accepted`,
    `${count(({ job }) => job.state === "completed")} completed`,
    `${executions.length - seen.length} runs broken off and repeated`,
    `${count(({ cuts }) => cuts > 0)} callers cut off`,
    `${count(({ isReplay }) => isReplay)} acceptances whose answer was lost`,
  ].join(", ");
}
