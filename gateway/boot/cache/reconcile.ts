import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, mkdir, open, readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { syncFolder } from "../../durable.ts";
import { type Log, messageOf } from "../../log.ts";
import { replaceWithLink } from "../folders.ts";
import { type Holder, takeLock } from "../volume-lock.ts";
import { type Manifest, type ManifestEntry, readManifest, writeManifest } from "./manifest.ts";
import { openFiles } from "./open-files.ts";

export interface CacheOptions {
  /** The volume. */
  root: string;
  /** Folders whose large files move to the volume. */
  watchPaths: readonly string[];
  minBytes: number;
  /** Files that changed within this time, in milliseconds, or are open, may be written still; 0 while nothing runs. */
  settledMs: number;
  /** Told of each file before it moves, which may take its time. */
  onMove: (path: string) => void;
  me: Holder;
  log: Log;
}

/** So often, and so long after its last change, a file is looked for that a node fetched by itself. */
const everyMs = 300_000;

/**
 * Has large files on the volume from the boot on: what a node fetches later has to be there before the container goes.
 * @returns once what is there is in its place
 */
export async function keepCache(options: Omit<CacheOptions, "settledMs">, abort: AbortSignal): Promise<void> {
  await reconcileCache({ ...options, settledMs: 0 }, abort);
  const later = { ...options, settledMs: everyMs, onMove: () => undefined };
  const again = async (): Promise<void> => {
    for (;;) {
      await sleep(everyMs, undefined, { signal: abort, ref: false });
      await reconcileCache(later, abort);
    }
  };
  // Only the abort ends it.
  again().catch(() => undefined);
}

/**
 * Large files below the watched folders lie on the volume, and links stand in their places: those of earlier containers
 * are linked again, new ones move. What cannot be done is told in the log; a boot goes on without it.
 */
export async function reconcileCache(options: CacheOptions, abort: AbortSignal): Promise<void> {
  const { root, watchPaths, log } = options;
  if (watchPaths.length === 0) return;
  const files = join(root, "files");
  const manifestPath = join(root, "manifest.json");
  try {
    await mkdir(files, { recursive: true });
    await restoreLinks(await readManifest(manifestPath), files, options);
    const found = await largeFiles(options);
    if (found.length > 0) await moveFiles(found, files, manifestPath, options, abort);
  } catch (error) {
    if (!abort.aborted) log.warn("the cache is not used", { reason: messageOf(error) });
  }
}

async function moveFiles(
  found: readonly string[],
  files: string,
  manifestPath: string,
  { root, me, onMove, log }: CacheOptions,
  abort: AbortSignal,
): Promise<void> {
  const lock = await takeLock(
    {
      ...{ folder: root, name: "manifest.lock", me },
      progress: () => ({ bytes: 0, size: null }),
      onWait: () => undefined,
    },
    abort,
  );
  try {
    await removeHalves(files);
    for (const path of found) {
      if (abort.aborted || lock.lost.aborted) return;
      onMove(path);
      try {
        const entry = await intoCache(path, files);
        // Before the link: a path without its entry would be missing from the next container.
        await writeManifest(manifestPath, { ...(await readManifest(manifestPath)), [path]: entry });
        await replaceWithLink(path, join(files, entry.file));
        log.info("file moved to the volume", { path, size: entry.size });
      } catch (error) {
        log.warn("file stays where it is", { path, reason: messageOf(error) });
      }
    }
  } finally {
    await lock.release();
  }
}

const incoming = ".incoming-";

/** What a crash left of a copy; call it with the lock. */
async function removeHalves(files: string): Promise<void> {
  const halves = (await readdir(files)).filter((name) => name.startsWith(incoming));
  for (const name of halves) await rm(join(files, name), { force: true });
}

/** Links what earlier containers moved away; a file that came with the image is left for a link when it is the same. */
async function restoreLinks(manifest: Manifest, files: string, { watchPaths, log }: CacheOptions): Promise<void> {
  for (const [path, entry] of Object.entries(manifest)) {
    // Others write to the volume as well: none of its paths leads elsewhere.
    if (resolve(path) !== path || !watchPaths.some((folder) => path.startsWith(`${folder}/`))) continue;
    const target = join(files, entry.file);
    const [cached, found] = await Promise.all([statOf(target), statOf(path)]);
    if (cached?.size !== entry.size) {
      log.warn("file is no longer on the volume", { path, file: entry.file });
      continue;
    }
    const isSame = found?.isFile() === true && found.size === entry.size && found.mtimeMs === entry.mtime;
    if (found !== undefined && !isSame) continue;
    await mkdir(dirname(path), { recursive: true });
    await replaceWithLink(path, target);
    log.info("file linked to the volume", { path, size: entry.size });
  }
}

const statOf = (path: string) => lstat(path).catch(() => undefined);

/** Files of the size below the watched folders; those on the volume already, and all behind links, are none. */
async function largeFiles({ root, watchPaths, minBytes, settledMs }: CacheOptions): Promise<string[]> {
  const volume = await realpath(root);
  const open = settledMs === 0 ? new Set<string>() : await openFiles();
  const before = settledMs === 0 ? Number.POSITIVE_INFINITY : Date.now() - settledMs;
  const found: string[] = [];
  for (const folder of watchPaths) {
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined || real === volume || real.startsWith(`${volume}/`)) continue;
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || path.startsWith(`${root}/`)) continue;
      const { size = 0, mtimeMs = 0 } = (await statOf(path)) ?? {};
      if (size < minBytes || mtimeMs > before || open.has(await realpath(path))) continue;
      found.push(path);
    }
  }
  return found;
}

/** Copies a file to the volume, under its hash: equal files are there once. */
async function intoCache(path: string, files: string): Promise<ManifestEntry> {
  const { size, mtimeMs } = await lstat(path);
  const temporary = join(files, incoming + randomUUID());
  const hash = createHash("sha256");
  const copy = await open(temporary, "wx");
  try {
    await pipeline(
      createReadStream(path, { highWaterMark: 1024 ** 2 }),
      async function* (pieces: AsyncIterable<Buffer>) {
        for await (const piece of pieces) {
          hash.update(piece);
          yield piece;
        }
      },
      copy.createWriteStream({ flush: true }),
    );
    const after = await lstat(path);
    if (after.size !== size || after.mtimeMs !== mtimeMs) throw new Error("it is being written");
    const file = `${hash.digest("hex")}_${basename(path).slice(-150)}`;
    await rename(temporary, join(files, file));
    await syncFolder(files);
    return { file, size, mtime: mtimeMs };
  } catch (error) {
    await copy.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}
