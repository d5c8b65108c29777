import { setTimeout as sleep } from "node:timers/promises";
import { type Log, messageOf } from "../log.ts";

export interface IdleStopOptions {
  /** How long nobody must have used the endpoint, in milliseconds. */
  afterMs: number;
  /** Whether there is work, now or within that time, that no request waits for. */
  hasWork: () => Promise<boolean>;
  /** Tells RunPod to stop the pod. */
  stopPod: () => Promise<void>;
  log: Log;
  /** Milliseconds; only differences count. */
  now?: () => number;
  /** How often it is looked whether the endpoint is idle. */
  everyMs?: number;
  /** How long until RunPod is told again when it did not answer, and when it did but the pod still runs. */
  againMs?: number;
  endsWithinMs?: number;
}

/** Has the pod stopped when nobody uses the endpoint: stopped, it costs its storage only. */
export interface IdleStop {
  /** Notes that the endpoint is used. @returns to be called when that is over */
  use(): () => void;
  /** Whether the pod is about to stop, so that nothing new may be taken. */
  isStopping(): boolean;
  /** The boot is over, well or not: from now on the endpoint may be idle. */
  start(): void;
  stop(): Promise<void>;
}

export function createIdleStop({
  afterMs,
  hasWork,
  stopPod,
  log,
  now = () => performance.now(),
  everyMs = Math.min(5000, afterMs / 4),
  againMs = 60_000,
  endsWithinMs = 300_000,
}: IdleStopOptions): IdleStop {
  const ending = new AbortController();
  const { signal } = ending;
  let usedAt = now();
  let uses = 0;
  let stopping = false;
  let looking: Promise<void> = Promise.resolve();

  const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const pause = (milliseconds: number): Promise<unknown> =>
    sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);

  const isIdle = async (): Promise<boolean> => {
    if (uses > 0 || (await hasWork())) usedAt = now();
    return now() - usedAt >= afterMs;
  };

  /** @returns how long to wait before the next look, in milliseconds */
  const look = async (): Promise<number> => {
    if (!(await isIdle())) return everyMs;
    // Nothing is taken from here on, and whoever was let in before is counted: what is idle now stays so.
    stopping = true;
    try {
      if (!(await isIdle())) return everyMs;
      log.info("pod stops: nobody uses the endpoint", { idle_seconds: Math.round((now() - usedAt) / 1000) });
      // RunPod's SIGTERM may come before its answer.
      await Promise.race([stopPod(), ended]);
      await pause(endsWithinMs);
      if (!signal.aborted) log.warn("RunPod was told to stop the pod, which still runs");
      return everyMs;
    } finally {
      // While the gateway ends it takes nothing either.
      stopping = signal.aborted;
    }
  };

  const keepLooking = async (): Promise<void> => {
    while (!signal.aborted) {
      const wait = await look().catch((error: unknown) => {
        log.warn("the idle pod could not be stopped", { error: messageOf(error) });
        return againMs;
      });
      await pause(wait);
    }
  };

  return {
    use: () => {
      usedAt = now();
      uses++;
      return () => {
        usedAt = now();
        uses--;
      };
    },
    isStopping: () => stopping,
    start: () => {
      usedAt = now();
      looking = keepLooking();
    },
    stop: async () => {
      ending.abort();
      await looking;
    },
  };
}
