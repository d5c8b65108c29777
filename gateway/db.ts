import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../contract/errors.ts";

/** Each brings the database one version further. Only ever append: pods keep their databases over updates. */
const migrations = [
  `CREATE TABLE jobs (
     sequence INTEGER PRIMARY KEY,
     job_id TEXT NOT NULL UNIQUE,
     state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'canceled')),
     inputs TEXT NOT NULL,
     result TEXT,
     error TEXT,
     prompt_id TEXT,
     cancel_requested INTEGER NOT NULL DEFAULT 0,
     attempts INTEGER NOT NULL DEFAULT 0,
     created_at TEXT NOT NULL,
     started_at TEXT,
     finished_at TEXT
   ) STRICT;
   CREATE INDEX jobs_queued ON jobs (sequence) WHERE state = 'queued';
   CREATE INDEX jobs_running ON jobs (sequence) WHERE state = 'running';

   CREATE TABLE files (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     file_id TEXT NOT NULL UNIQUE,
     media_type TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     sha256 TEXT NOT NULL,
     source TEXT NOT NULL CHECK (source IN ('uploaded', 'generated')),
     app_id TEXT,
     original_name TEXT,
     created_at TEXT NOT NULL
   ) STRICT;
   CREATE INDEX files_media_type ON files (media_type, sequence);
   CREATE INDEX files_source ON files (source, sequence);
   CREATE INDEX files_app_id ON files (app_id, sequence);`,
];

/**
 * Opens the database, made or brought up to date as needed.
 * @throws {UserError} when a newer version of the gateway wrote it
 */
export function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 1000 });
  // One process owns the file. Exclusive locking also frees WAL from shared memory, which network volumes lack.
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  migrate(database, path);
  return database;
}

function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > migrations.length) {
    database.close();
    throw new UserError(
      `${path} has version ${version}, this gateway knows ${migrations.length}; run the gateway that wrote it`,
    );
  }
  migrations.slice(version).forEach((migration, at) => {
    database.exec(`BEGIN; ${migration} PRAGMA user_version = ${version + at + 1}; COMMIT;`);
  });
}

/** The result of work that SQLite does at once, for interfaces whose other implementations have to wait. */
export const promised = <T>(work: () => T): Promise<T> => new Promise((resolve) => resolve(work()));
