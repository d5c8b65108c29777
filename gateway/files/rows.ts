import type { SQLOutputValue } from "node:sqlite";
import type { Database } from "../db.ts";
import type { FileFilter, FilePage, FileRecord } from "./store.ts";

/** What is stored under one hash, for the choice of what has to go. */
export interface StoredBlob {
  sha256: string;
  sizeBytes: number;
  fileIds: string[];
}

/** The table of files. Reads and changes are done at once: changes belong into a commit. */
export interface FileRows {
  insert(record: FileRecord): void;
  get(id: string): FileRecord | undefined;
  list(filter: FileFilter, limit: number, cursor: number | null): FilePage;
  erase(id: string): void;
  /** Whether a job that has not ended takes the file. */
  isTaken(id: string): boolean;
  /** Ids of the files that share these bytes. */
  sharing(sha256: string): string[];
  /** Ids of files from before that time which no job takes, a page of them after the given one. */
  olderThan(time: string, after: string, limit: number): string[];
  /** Bytes on disk. */
  storedBytes(): number;
  /** Blobs that could go, the one that was last wanted longest ago first; outputs of jobs stay until that time. */
  removable(outputsBefore: string, besides: string): StoredBlob[];
  /** Every file's id and hash. */
  all(): IterableIterator<{ id: string; sha256: string }>;
  isRunning(jobId: string): boolean;
}

export function createFileRows(database: Database): FileRows {
  const insert = database.prepare(
    `INSERT INTO files (file_id, media_type, size_bytes, sha256, source, app_id, original_name, created_at)
     VALUES (:id, :mediaType, :sizeBytes, :sha256, :source, :appId, :originalName, :createdAt)`,
  );
  const select = database.prepare("SELECT * FROM files WHERE file_id = ?");
  const erase = database.prepare("DELETE FROM files WHERE file_id = ?");
  const taken = "EXISTS (SELECT 1 FROM job_inputs WHERE job_inputs.file_id = files.file_id)";
  const isTaken = database.prepare("SELECT 1 FROM job_inputs WHERE file_id = ?");
  const sharing = database.prepare("SELECT file_id FROM files WHERE sha256 = ?");
  const older = database.prepare(
    `SELECT file_id FROM files WHERE created_at < ? AND file_id > ? AND NOT ${taken} ORDER BY file_id LIMIT ?`,
  );
  const stored = database.prepare(
    "SELECT coalesce(sum(size_bytes), 0) AS bytes FROM (SELECT size_bytes FROM files GROUP BY sha256)",
  );
  const removable = database.prepare(
    `SELECT sha256, size_bytes, json_group_array(file_id) AS ids FROM files WHERE sha256 <> :besides GROUP BY sha256
     HAVING sum(${taken} OR (source = 'generated' AND created_at >= :outputsBefore)) = 0 ORDER BY max(sequence)`,
  );
  const all = database.prepare("SELECT file_id, sha256 FROM files");
  const running = database.prepare("SELECT 1 FROM jobs WHERE job_id = ? AND state = 'running'");
  const idOf = (row: Record<string, SQLOutputValue>): string => String(row["file_id"]);

  return {
    insert: (record) => void insert.run({ ...record }),
    get: (id) => {
      const row = select.get(id);
      return row && toRecord(row);
    },
    list: ({ mediaType, source, appId }, limit, cursor) => {
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
    },
    erase: (id) => void erase.run(id),
    isTaken: (id) => isTaken.get(id) !== undefined,
    sharing: (sha256) => sharing.all(sha256).map(idOf),
    olderThan: (time, after, limit) => older.all(time, after, limit).map(idOf),
    storedBytes: () => Number(stored.get()?.["bytes"]),
    removable: (outputsBefore, besides) =>
      removable.all({ outputsBefore, besides }).map((row) => ({
        sha256: String(row["sha256"]),
        sizeBytes: Number(row["size_bytes"]),
        fileIds: JSON.parse(String(row["ids"])) as string[],
      })),
    all: function* () {
      for (const row of all.iterate()) yield { id: idOf(row), sha256: String(row["sha256"]) };
    },
    isRunning: (jobId) => running.get(jobId) !== undefined,
  };
}

/** As the original wrote times: an offset, not a Z. One length, so that they sort as they follow each other. */
export const timeText = (milliseconds: number): string => new Date(milliseconds).toISOString().replace("Z", "+00:00");

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
