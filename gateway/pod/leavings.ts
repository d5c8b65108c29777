import { lstat, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Log, messageOf } from "../log.ts";

export interface LeavingsOptions {
  /** Folders that ComfyUI writes to, on the disk of the container. */
  folders: readonly string[];
  /** How long a prompt may need what was written, in milliseconds. */
  neededMs: number;
  /** So many of the newest bytes stay in any case: ComfyUI's cache names files that an earlier prompt made. */
  keptBytes?: number;
  /** How often it is looked, in milliseconds. */
  everyMs?: number;
  log: Log;
}

/**
 * What ComfyUI leaves of prompts: uploads that were copied into its input folder, outputs that lie in the file store since,
 * previews. It removes none of them itself, and the disk of a container is small.
 */
export interface Leavings {
  /** Removes old ones now, and from time to time. */
  start(): void;
  stop(): Promise<void>;
}

export function createLeavings(options: LeavingsOptions): Leavings {
  const { folders, neededMs, keptBytes = 1024 ** 3, everyMs = 600_000, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let sweeping: Promise<void> = Promise.resolve();

  const sweep = async (): Promise<void> => {
    const files = (await Promise.all(folders.map(filesIn))).flat();
    const old = oldFiles(files, Date.now() - neededMs, keptBytes);
    for (const { path } of old) {
      if (signal.aborted) return;
      await rm(path, { force: true });
      await removeEmpty(dirname(path), folders);
    }
    if (old.length > 0) log.info("files of ended prompts removed from comfyui's folders", { files: old.length });
  };
  const keepSweeping = async (): Promise<void> => {
    while (!signal.aborted) {
      await sweep().catch((error: unknown) => log.warn("comfyui's folders not swept", { error: messageOf(error) }));
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };

  return {
    start: () => {
      sweeping = keepSweeping();
    },
    stop: async () => {
      stopping.abort();
      await sweeping;
    },
  };
}

interface WrittenFile {
  path: string;
  size: number;
  /** When it was written last, in milliseconds since the epoch. */
  at: number;
}

/** Those written before a moment, but for the newest bytes of all. */
export function oldFiles<T extends Omit<WrittenFile, "path">>(
  files: readonly T[],
  before: number,
  keptBytes: number,
): T[] {
  let bytes = 0;
  return files
    .toSorted((one, other) => other.at - one.at)
    .filter(({ size, at }) => {
      bytes += size;
      return at < before && bytes > keptBytes;
    });
}

/** None where there is no such folder; files that go meanwhile are left out. */
async function filesIn(folder: string): Promise<WrittenFile[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    paths.map(async (path) => {
      const stats = await lstat(path).catch(() => undefined);
      return stats && { path, size: stats.size, at: stats.mtimeMs };
    }),
  );
  return found.filter((file) => file !== undefined);
}

/** Removes folders that are empty now, from the inside out, and none of `kept`. */
async function removeEmpty(folder: string, kept: readonly string[]): Promise<void> {
  if (kept.includes(folder)) return;
  const isGone = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (isGone) await removeEmpty(dirname(folder), kept);
}
