import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { BootFailure } from "../failure.ts";
import { moreRoom } from "./download/part-file.ts";
import type { PlannedModel } from "./plan.ts";
import { keyOf, type ModelFolders } from "./store.ts";
import type { Missing } from "./survey.ts";

/** What stays free for all else that the volume holds. */
const marginBytes = 64 * 1024 ** 2;

/** The bytes that lack on the volume for what is to be fetched; 0 when there is room. */
export function bytesLacking(free: number, models: readonly { size: number | undefined; begun: number }[]): number {
  const needed = models.reduce((sum, { size = 0, begun }) => sum + Math.max(0, size - begun), 0);
  return needed === 0 ? 0 : Math.max(0, needed + marginBytes - free);
}

/**
 * Whether the volume has room for what is to be fetched. A quota it may have shows only once it is full.
 * @throws {BootFailure}
 */
export async function checkRoom(folders: ModelFolders, missing: readonly Missing[]): Promise<void> {
  const models = await Promise.all(
    missing.map(async ({ model, source }) => ({
      size: source.resolved.sizeBytes,
      begun: await begunBytes(folders, model),
    })),
  );
  // What is free for whoever is not root.
  const { bavail, bsize } = await statfs(folders.root);
  const lacking = bytesLacking(bavail * bsize, models);
  if (lacking === 0) return;
  const [needed, free] = [models.reduce((sum, { size = 0 }) => sum + size, 0), bavail * bsize].map(gigabytes);
  throw new BootFailure("models", `the models take ${needed} GB, and the volume has ${free} GB free`, moreRoom, {
    details: { lacking_bytes: lacking },
  });
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

/** Bytes that are on disk of a model already: files that fill up are sparse until then. */
async function begunBytes({ incoming }: ModelFolders, { target }: PlannedModel): Promise<number> {
  const parts = (await readdir(incoming)).filter(
    (name) => name.startsWith(`${keyOf(target)}.`) && name.endsWith(".part"),
  );
  const sizes = await Promise.all(
    parts.map(async (name) => (await stat(join(incoming, name)).catch(() => undefined))?.blocks ?? 0),
  );
  return sizes.reduce((sum, blocks) => sum + blocks * 512, 0);
}
