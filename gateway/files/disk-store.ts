import { createHash, randomUUID } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, rmSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SQLOutputValue } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { type Database, promised } from "../db.ts";
import { extensionOf } from "./media-types.ts";
import { FileEmpty, type FileRecord, type FileStore, FileTooLarge } from "./store.ts";

/** Rows in the database, bytes in one folder. A row appears only when its bytes are safe on disk. */
export function createDiskFileStore(database: Database, folder: string): FileStore {
  const incoming = join(folder, "incoming");
  // What a crash left half written belongs to no row.
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming, { recursive: true });

  const insert = database.prepare(
    `INSERT INTO files (file_id, media_type, size_bytes, sha256, source, app_id, original_name, created_at)
     VALUES (:id, :mediaType, :sizeBytes, :sha256, :source, :appId, :originalName, :createdAt)`,
  );
  const select = database.prepare("SELECT * FROM files WHERE file_id = ?");
  const erase = database.prepare("DELETE FROM files WHERE file_id = ?");
  const pathOf = (file: Pick<FileRecord, "id" | "mediaType" | "originalName">): string =>
    join(folder, `${file.id}${extensionOf(file.mediaType, file.originalName)}`);
  const get = (id: string): FileRecord | undefined => {
    const row = select.get(id);
    return row && toRecord(row);
  };

  return {
    add: async (bytes, file, maxBytes) => {
      const id = `fid_${randomUUID().replaceAll("-", "")}`;
      const temporary = join(incoming, id);
      try {
        const { sizeBytes, sha256 } = await write(bytes, temporary, maxBytes);
        const record: FileRecord = { id, ...file, sizeBytes, sha256, createdAt: createdNow() };
        await rename(temporary, pathOf(record));
        await syncFolder(folder);
        await database.commit(() => insert.run({ ...record }));
        return record;
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    get: (id) => promised(() => get(id)),
    list: ({ mediaType, source, appId }, limit, cursor) =>
      promised(() => {
        const wanted = { media_type: mediaType, source, app_id: appId };
        const filters = Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== undefined);
        const conditions = [...filters.map(([column]) => `${column} = ?`), "sequence < ?"].join(" AND ");
        const rows = database
          .prepare(`SELECT * FROM files WHERE ${conditions} ORDER BY sequence DESC LIMIT ?`)
          .all(...filters.map(([, value]) => value), cursor ?? Number.MAX_SAFE_INTEGER, limit + 1);
        const page = rows.slice(0, limit);
        return {
          files: page.map(toRecord),
          nextCursor: rows.length > limit ? Number(page.at(-1)?.["sequence"]) : null,
        };
      }),
    remove: async (id) => {
      const file = get(id);
      if (file === undefined) return;
      await database.commit(() => erase.run(id));
      await rm(pathOf(file), { force: true });
    },
    localPath: (file) =>
      promised(() => {
        const path = pathOf(file);
        return existsSync(path) ? path : undefined;
      }),
  };
}

async function write(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
  maxBytes: number,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const measured = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw new FileTooLarge(maxBytes);
      hash.update(chunk);
      yield chunk;
    }
    if (sizeBytes === 0) throw new FileEmpty();
  };
  await pipeline(measured, createWriteStream(path, { flags: "wx", flush: true }));
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** A rename is durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

// As the original wrote it: an offset, not a Z.
const createdNow = (): string => new Date().toISOString().replace("Z", "+00:00");

function toRecord(row: Record<string, SQLOutputValue>): FileRecord {
  return {
    id: String(row["file_id"]),
    mediaType: String(row["media_type"]),
    sizeBytes: Number(row["size_bytes"]),
    sha256: String(row["sha256"]),
    source: row["source"] as FileRecord["source"],
    appId: row["app_id"] as string | null,
    originalName: row["original_name"] as string | null,
    createdAt: String(row["created_at"]),
  };
}
