import { setTimeout as sleep } from "node:timers/promises";
import { errorFields, type Log } from "../log.ts";
import type { FileStore } from "./store.ts";

/** Sweeps files now and then, from its start on. */
export interface Sweeper {
  start(): void;
  stop(): Promise<void>;
}

export function createSweeper(files: Pick<FileStore, "sweep">, log: Log, everyMs = 5 * 60_000): Sweeper {
  const stopping = new AbortController();
  const { signal } = stopping;
  let loop: Promise<void> = Promise.resolve();
  const sweep = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await files.sweep(signal);
      } catch (error) {
        log.error("files not swept", errorFields(error));
      }
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  };
  return {
    start: () => {
      loop = sweep();
    },
    stop: async () => {
      stopping.abort();
      await loop;
    },
  };
}
