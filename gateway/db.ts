import { closeSync, fdatasync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { promisify } from "node:util";
import { UserError } from "../contract/errors.ts";
import { migrations } from "./migrations.ts";
import { createSharedSync } from "./shared-sync.ts";

/** The gateway's database. Writes that come together go in one transaction. */
export interface Database {
  prepare(sql: string): StatementSync;
  /** Reads at once; ends when every commit that may show in what was read is safe on disk. */
  read<T>(work: () => T): Promise<T>;
  /**
   * Does the work in the next transaction, and ends when that is safe on disk: many requests share one fsync, and nothing
   * else waits for it. Work that throws is undone alone.
   */
  commit<T>(work: () => T): Promise<T>;
  /**
   * Like commit, but ends when it is written, at once and with all that waits; it is safe with the next commit, or soon
   * after. For what may be done again when the machine itself fails.
   */
  note<T>(work: () => T): Promise<T>;
  /** Writes what waits, then closes. */
  close(): void;
}

/**
 * Opens the database, made or brought up to date as needed.
 * @param syncFile brings a file's bytes to the disk
 * @throws {UserError} when it cannot be used: somebody else wrote it or has it open, or a newer version of the gateway did
 */
export function openDatabase(path: string, syncFile: (file: number) => Promise<void> = promisify(fdatasync)): Database {
  const sqlite = openFile(path);
  migrate(sqlite, path);
  // It is there for as long as the database is open.
  return groupingCommits(sqlite, openSync(`${path}-wal`, "r"), syncFile);
}

function openFile(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const sqlite = new DatabaseSync(path, { timeout: 1000 });
    // One process owns the file. Exclusive locking also frees WAL from shared memory, which network volumes lack.
    // NORMAL leaves it to us when a commit is brought to the disk: SQLite would have everybody else wait meanwhile.
    sqlite.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
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

function groupingCommits(sqlite: DatabaseSync, log: number, syncFile: (file: number) => Promise<void>): Database {
  let waiting: Waiting[] = [];
  let flushing: NodeJS.Immediate | undefined;
  /** How many groups are on their way to the disk. */
  let unsafe = 0;
  const disk = createSharedSync(() => syncFile(log));
  /** Brings to the disk what no commit took along. */
  let later: NodeJS.Timeout | undefined;

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    flushing = undefined;
    if (group.length === 0) return;
    let done: Done[];
    try {
      sqlite.exec("BEGIN IMMEDIATE");
      done = group.flatMap((each) => attempt(sqlite, each));
      sqlite.exec("COMMIT");
    } catch (error) {
      // The disk is full, or broken: nothing of it happened.
      if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { isNote, value, resolve } of done) if (isNote) resolve(value);
    const commits = done.filter(({ isNote }) => !isNote);
    if (commits.length > 0) void settle(commits);
    // Should it fail, the next commit says so.
    else later ??= setTimeout(() => void settle([]), notesUnsafeMs).unref();
  };
  const settle = async (commits: readonly Done[]): Promise<void> => {
    unsafe += 1;
    clearTimeout(later);
    later = undefined;
    try {
      await disk.sync();
      for (const { resolve, value } of commits) resolve(value);
    } catch (error) {
      for (const { reject } of commits) reject(error);
    } finally {
      unsafe -= 1;
      flushSoon();
    }
  };
  const flushSoon = (): void => {
    if (waiting.length > 0) flushing ??= setImmediate(flush);
  };
  const put = <T>(work: () => T, isNote: boolean): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      // A request that was cut off by the end of all.
      if (!sqlite.isOpen) throw new Error("the database is closed");
      waiting.push({ work, isNote, resolve, reject } as Waiting);
      if (isNote) queueMicrotask(flush);
      // While the disk is busy more come together: they would have to wait for it anyway.
      else if (unsafe === 0) flushSoon();
    });

  return {
    prepare: (sql) => sqlite.prepare(sql),
    read: async (work) => {
      const value = work();
      await disk.underWay();
      return value;
    },
    commit: (work) => put(work, false),
    note: (work) => put(work, true),
    close: () => {
      flush();
      clearTimeout(later);
      // Brings everything to its place, safely.
      sqlite.close();
      const close = (): void => closeSync(log);
      void Promise.resolve(disk.underWay()).then(close, close);
    },
  };
}

// Longer than whoever was told takes to ask for more: a read waits for the disk while it is busy.
const notesUnsafeMs = 50;

/** Work that is written, and what it gave. */
type Done = Waiting & { value: unknown };

/** @returns nothing for work that failed */
function attempt(sqlite: DatabaseSync, waiting: Waiting): Done[] {
  sqlite.exec("SAVEPOINT work");
  try {
    const value = waiting.work();
    sqlite.exec("RELEASE work");
    return [{ ...waiting, value }];
  } catch (error) {
    sqlite.exec("ROLLBACK TO work; RELEASE work");
    waiting.reject(error);
    return [];
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
