import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { UserError } from "../contract/errors.ts";
import { migrations } from "./migrations.ts";

/** The gateway's database. Reads are done at once; writes go together in one transaction. */
export interface Database {
  prepare(sql: string): StatementSync;
  /**
   * Does the work in the next transaction, with everything else that waits for it: many requests share one fsync. Ends
   * when it is safe on disk. Work that throws is undone alone.
   */
  commit<T>(work: () => T): Promise<T>;
  /**
   * Like commit, but ends when it is written: it outlives this process, and with the next commit also the machine. For what
   * may be done again when the machine itself fails.
   */
  note<T>(work: () => T): Promise<T>;
  /** Calls the listener after every transaction: something may have changed. */
  onCommit(listener: () => void): void;
  /** Writes what waits, then closes. */
  close(): void;
}

/**
 * Opens the database, made or brought up to date as needed.
 * @throws {UserError} when it cannot be used: somebody else wrote it or has it open, or a newer version of the gateway did
 */
export function openDatabase(path: string): Database {
  const sqlite = openFile(path);
  migrate(sqlite, path);
  return groupingCommits(sqlite);
}

function openFile(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const sqlite = new DatabaseSync(path, { timeout: 1000 });
    // One process owns the file. Exclusive locking also frees WAL from shared memory, which network volumes lack.
    sqlite.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    return sqlite;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy = /locked/.test(reason)
      ? "another gateway uses it: stop that one, or give this one a file of its own"
      : "give a new file, in a folder that can be written";
    throw new UserError(`${path} cannot be opened as the database of jobs (${reason}); ${remedy}`, [], { cause });
  }
}

interface Waiting {
  work: () => unknown;
  isNote: boolean;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

function groupingCommits(sqlite: DatabaseSync): Database {
  let waiting: Waiting[] = [];
  const listeners: (() => void)[] = [];

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    const isNote = group.every((each) => each.isNote);
    try {
      if (isNote) sqlite.exec("PRAGMA synchronous = NORMAL");
      sqlite.exec("BEGIN IMMEDIATE");
      const settled = group.map((each) => attempt(sqlite, each));
      sqlite.exec("COMMIT");
      for (const settle of settled) settle();
      for (const listener of listeners) listener();
    } catch (error) {
      // The disk is full, or broken: nothing of it happened.
      if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
      for (const { reject } of group) reject(error);
    } finally {
      if (isNote) sqlite.exec("PRAGMA synchronous = FULL");
    }
  };
  const put = <T>(work: () => T, isNote: boolean): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      // A request that was cut off by the end of all.
      if (!sqlite.isOpen) throw new Error("the database is closed");
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ work, isNote, resolve: resolve as (value: unknown) => void, reject });
    });

  return {
    prepare: (sql) => sqlite.prepare(sql),
    commit: (work) => put(work, false),
    note: (work) => put(work, true),
    onCommit: (listener) => {
      listeners.push(listener);
    },
    close: () => {
      flush();
      sqlite.close();
    },
  };
}

/** @returns what tells the caller, to be called when the group is committed */
function attempt(sqlite: DatabaseSync, { work, resolve, reject }: Waiting): () => void {
  sqlite.exec("SAVEPOINT work");
  try {
    const value = work();
    sqlite.exec("RELEASE work");
    return () => resolve(value);
  } catch (error) {
    sqlite.exec("ROLLBACK TO work; RELEASE work");
    return () => reject(error);
  }
}

function migrate(sqlite: DatabaseSync, path: string): void {
  const version = Number(sqlite.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > migrations.length) {
    sqlite.close();
    throw new UserError(
      `${path} has version ${version}, this gateway knows ${migrations.length}; run the gateway that wrote it`,
    );
  }
  if (version === 0 && sqlite.prepare("SELECT 1 FROM sqlite_schema").get() !== undefined) {
    sqlite.close();
    throw new UserError(`${path} is no database of this gateway's, but holds tables; give the path of a new file`);
  }
  migrations.slice(version).forEach((migration, at) => {
    sqlite.exec(`BEGIN; ${migration} PRAGMA user_version = ${version + at + 1}; COMMIT;`);
  });
}

/** The result of work that SQLite does at once, for interfaces whose other implementations have to wait. */
export const promised = <T>(work: () => T): Promise<T> => new Promise((resolve) => resolve(work()));
