import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Database, openDatabase } from "../../../gateway/db.ts";
import { createEventLog } from "../../../gateway/jobs/live/event-log.ts";
import { createSqliteJobStore } from "../../../gateway/jobs/sqlite-store.ts";

let folder: string;
let database: Database;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-plans-"));
  database = openDatabase(join(folder, "jobs.db"));
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** How SQLite goes about a statement: lines such as `SEARCH jobs USING INDEX …`. */
const planOf = (sql: string): string[] =>
  database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => String(detail));

it("no statement about jobs reads a whole table, and none sorts: a million jobs are as quick as a thousand", () => {
  const statements: string[] = [];
  const watched: Database = {
    ...database,
    prepare: (sql) => {
      statements.push(sql);
      return database.prepare(sql);
    },
  };
  createSqliteJobStore(watched, 10);
  createEventLog(watched, () => undefined);
  const triggers = database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'jobs'").all();
  const inTriggers = triggers
    .flatMap(({ sql }) => String(sql).match(/DELETE FROM [^;]*/g) ?? [])
    .map((sql) => sql.replaceAll(/\b(old|new)\.job_id/g, "'j1'"));
  expect(statements.length).toBeGreaterThan(15);
  expect(inTriggers).toHaveLength(5);
  // The queue is bounded, and its index holds nothing else.
  const isQueue = (line: string): boolean => /^SCAN jobs USING INDEX jobs_(queued|running)$/.test(line);
  const isSlow = (line: string): boolean => /SCAN|TEMP B-TREE/.test(line) && !isQueue(line);
  const plans = [...statements, ...inTriggers].map((sql) => ({ sql, plan: planOf(sql) }));
  expect(plans.filter(({ plan }) => plan.some(isSlow))).toEqual([]);
});
