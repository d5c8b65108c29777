import { randomUUID } from "node:crypto";
import type { Database } from "../db.ts";
import type { Log } from "../log.ts";
import { createBlobs } from "./blobs.ts";
import { createLocks } from "./locks.ts";
import { extensionOf } from "./media-types.ts";
import { createQuota } from "./quota.ts";
import { createFileRows, timeText } from "./rows.ts";
import type { FileRecord, FileStore } from "./store.ts";

export interface DiskFileStoreOptions {
  log?: Pick<Log, "info" | "warn">;
  /** How long files are kept; null for ever. */
  ttlMs?: number | null;
  /** Space that they may take; null for all there is. */
  quotaBytes?: number | null;
  now?: () => number;
}

/** Rows in the database, bytes in one folder. A row appears only when its bytes are safe on disk. */
export function createDiskFileStore(
  database: Database,
  folder: string,
  { log, ttlMs = null, quotaBytes = null, now = Date.now }: DiskFileStoreOptions = {},
): FileStore {
  const blobs = createBlobs(folder);
  const rows = createFileRows(database);
  // Of two that want the same bytes to come and to go, one waits.
  const locked = createLocks();
  const held = new Map<string, number>();
  // From then on files are old enough to go.
  const horizon = (): string => (ttlMs === null ? "" : timeText(now() - ttlMs));

  const isKept = (id: string): boolean => held.has(id) || rows.isTaken(id);
  /** Erases files of one hash, and their bytes with the last of them. */
  const erase = (sha256: string, ids: () => string[]): Promise<string[]> =>
    locked(sha256, async () => {
      const { erased, isLast } = await database.commit(() => {
        const erased = ids();
        for (const id of erased) rows.erase(id);
        return { erased, isLast: rows.sharing(sha256).length === 0 };
      });
      if (isLast) await blobs.remove(sha256);
      return erased;
    });

  const quota = createQuota({
    quotaBytes,
    storedBytes: () => rows.storedBytes(),
    removable: (besides) => rows.removable(horizon(), besides).filter(({ fileIds }) => !fileIds.some(isKept)),
    isStored: (sha256) => rows.sharing(sha256).length > 0,
    remove: async (sha256) => {
      const ids = await erase(sha256, () => {
        const sharing = rows.sharing(sha256);
        return sharing.some(isKept) ? [] : sharing;
      });
      log?.info("files removed to make room", { file_ids: ids });
    },
    overfull: (bytes) => log?.warn("files take more than their quota, and none of them can go", { bytes }),
  });

  const remove = async (id: string): Promise<"removed" | "in_use" | "missing"> => {
    const file = rows.get(id);
    if (file === undefined) return "missing";
    const erased = await erase(file.sha256, () => (isKept(id) ? [] : [id]));
    return erased.length > 0 ? "removed" : "in_use";
  };

  const takeBackLeft = async (): Promise<void> => {
    for (const jobId of blobs.borrowers()) if (!rows.isRunning(jobId)) await blobs.takeBack(jobId);
  };

  return {
    recover: async () => {
      const there = new Set(blobs.list());
      const gone: string[] = [];
      const wanted = new Set<string>();
      for (const { id, sha256 } of rows.all()) {
        if (there.has(sha256)) wanted.add(sha256);
        else gone.push(id);
      }
      if (gone.length > 0) {
        await database.commit(() => gone.forEach((id) => rows.erase(id)));
        log?.warn("files are gone from the disk", { file_ids: gone });
      }
      const orphans = [...there].filter((sha256) => !wanted.has(sha256));
      for (const sha256 of orphans) await blobs.remove(sha256);
      if (orphans.length > 0) log?.info("bytes of no file removed", { blobs: orphans.length });
      await takeBackLeft();
    },
    add: async (bytes, file, maxBytes) => {
      const space = quota.reserve(file.source === "uploaded");
      try {
        const incoming = await blobs.receive(bytes, maxBytes, space.arrives);
        const { sizeBytes, sha256 } = incoming;
        try {
          await space.claim(sha256);
          return await locked(sha256, async () => {
            const id = `fid_${randomUUID().replaceAll("-", "")}`;
            const record: FileRecord = { id, ...file, sizeBytes, sha256, createdAt: timeText(now()) };
            await blobs.keep(incoming);
            // The end of an output's job is committed after it, and the output with that.
            const insert = (): void => rows.insert(record);
            await (record.source === "generated" ? database.note(insert) : database.commit(insert));
            return record;
          });
        } catch (error) {
          await blobs.drop(incoming);
          // It may have got its place, but no row.
          await erase(sha256, () => []).catch(() => undefined);
          throw error;
        }
      } finally {
        space.release();
      }
    },
    get: (id) => database.read(() => rows.get(id)),
    list: (filter, limit, cursor) => database.read(() => rows.list(filter, limit, cursor)),
    remove,
    hold: (id) => {
      held.set(id, (held.get(id) ?? 0) + 1);
      let isHeld = true;
      return () => {
        const count = held.get(id) ?? 0;
        if (isHeld && count > 1) held.set(id, count - 1);
        else if (isHeld) held.delete(id);
        isHeld = false;
      };
    },
    localPath: (file) => Promise.resolve(blobs.path(file.sha256)),
    lend: (file, mediaType, jobId) => {
      const extension = extensionOf(file.mediaType, file.originalName) || extensionOf(mediaType, null);
      return blobs.lend(file.sha256, jobId, `${file.id}${extension}`);
    },
    takeBack: (jobId) => blobs.takeBack(jobId),
    sweep: async (abort) => {
      await takeBackLeft();
      let last = "";
      while (ttlMs !== null && !abort.aborted) {
        const page = rows.olderThan(horizon(), last, sweepPage);
        // Together, for they share one commit.
        const results = await Promise.all(page.map(remove));
        const removed = results.filter((result) => result === "removed").length;
        if (removed > 0) log?.info("files removed, being older than they are kept", { files: removed });
        if (page.length < sweepPage) break;
        last = page.at(-1) ?? "";
      }
      if (!abort.aborted) await quota.enforce();
    },
  };
}

const sweepPage = 100;
