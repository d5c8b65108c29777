import { setImmediate as yieldToOthers } from "node:timers/promises";
import { errorFields, type Log } from "../log.ts";
import type { JobStore } from "./store.ts";

export interface RetentionOptions {
  jobs: Pick<JobStore, "removeEnded">;
  /** Days that an ended job is kept; null keeps them all. */
  days: number | null;
  log: Log;
  /** How often old ones are looked for. */
  everyMs?: number;
  /** How many go at once: requests wait as long. */
  batch?: number;
}

/** Removes jobs that ended long ago; what has not ended stays, however old it is. */
export interface Retention {
  start(): void;
  stop(): Promise<void>;
}

const dayMs = 86_400_000;

export function createRetention({ jobs, days, log, everyMs = 3_600_000, batch = 100 }: RetentionOptions): Retention {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> = Promise.resolve();

  const sweep = async (keptDays: number): Promise<void> => {
    const before = new Date(Date.now() - keptDays * dayMs).toISOString();
    let total = 0;
    for (let removed = 1; removed > 0 && !stopped; total += removed) {
      removed = await jobs.removeEnded(before, batch);
      await yieldToOthers();
    }
    if (total > 0) log.info("old jobs removed", { jobs: total, days: keptDays });
  };
  const run = (keptDays: number): void => {
    sweeping = sweep(keptDays)
      .catch((error: unknown) => log.error("old jobs not removed", errorFields(error)))
      .then(() => {
        if (!stopped) timer = setTimeout(() => run(keptDays), everyMs);
      });
  };

  return {
    start: () => {
      if (days !== null) run(days);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await sweeping;
    },
  };
}
