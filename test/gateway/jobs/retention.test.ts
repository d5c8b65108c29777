import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../../gateway/db.ts";
import { createRetention, type Retention, type RetentionOptions } from "../../../gateway/jobs/retention.ts";
import { createSqliteJobStore } from "../../../gateway/jobs/sqlite-store.ts";
import type { JobStore } from "../../../gateway/jobs/store.ts";
import { createLog } from "../../../gateway/log.ts";
import { until } from "../../support/until.ts";

let folder: string;
let database: Database;
let jobs: JobStore;
let log: string[];
let retention: Retention | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-retention-"));
  database = openDatabase(join(folder, "jobs.db"));
  jobs = createSqliteJobStore(database, 100);
  log = [];
});
afterEach(async () => {
  await retention?.stop();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = (options: Partial<RetentionOptions> = {}): void => {
  retention = createRetention({ jobs, days: 30, log: createLog((line) => log.push(line)), ...options });
  retention.start();
};
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
/** A job that was made and ended so many days ago. */
const job = (id: string, state: string, created: number, finished: number | null = created): void => {
  database
    .prepare(
      `INSERT INTO jobs (job_id, state, inputs, idempotency_key, created_at, finished_at, webhook_url)
       VALUES (?, 'queued', '{}', ?, ?, ?, 'https://example.com')`,
    )
    .run(id, `first:${id}`, daysAgo(created), finished === null ? null : daysAgo(finished));
  database.prepare("UPDATE jobs SET state = ? WHERE job_id = ?").run(state, id);
};
const idsIn = (table: string): string[] =>
  database
    .prepare(`SELECT DISTINCT job_id FROM ${table} ORDER BY job_id`)
    .all()
    .map(({ job_id: id }) => String(id));

describe("jobs that ended long ago", () => {
  it("go with their events; what has not ended stays, however old", async () => {
    job("a-completed", "completed", 31);
    job("b-failed", "failed", 400);
    job("c-canceled", "canceled", 31);
    job("d-running", "running", 400, null);
    job("e-queued", "queued", 400, null);
    job("f-young", "completed", 29);
    job("g-old-but-ended-lately", "completed", 40, 1);
    database.prepare("UPDATE deliveries SET state = 'delivered' WHERE job_id <> 'b-failed'").run();
    start();
    const left = ["d-running", "e-queued", "f-young", "g-old-but-ended-lately"];
    await until("they are gone", () => idsIn("jobs").length === 4);
    expect(idsIn("jobs")).toEqual(left);
    expect(idsIn("job_events")).toEqual(left);
    // A webhook that waits for its next attempt ends by itself.
    expect(idsIn("deliveries")).toEqual(["b-failed", "f-young", "g-old-but-ended-lately"]);
    await until("it is said", () => log.length > 0);
    expect(log.join("")).toContain('"jobs":3,"days":30,"msg":"old jobs removed"');
  });

  it("go in small batches, until none is left", async () => {
    for (let at = 0; at < 25; at++) job(`j${at}`, at % 2 === 0 ? "completed" : "failed", 31 + at);
    const batches: number[] = [];
    const removeEnded = async (before: string, most: number): Promise<number> => {
      const removed = await jobs.removeEnded(before, most);
      batches.push(removed);
      return removed;
    };
    start({ jobs: { removeEnded }, batch: 5 });
    await until("they are gone", () => batches.at(-1) === 0);
    expect(batches).toEqual([10, 10, 5, 0]);
  });

  it("stay where none is to go", async () => {
    job("old", "completed", 4000);
    start({ days: null });
    await retention?.stop();
    expect(idsIn("jobs")).toEqual(["old"]);
  });

  it("are looked for again and again, also after a fault", async () => {
    let calls = 0;
    const removeEnded = (): Promise<number> => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error("the disk is full")) : Promise.resolve(0);
    };
    start({ jobs: { removeEnded }, everyMs: 5 });
    await until("it was tried thrice", () => calls >= 3);
    expect(log.join("")).toMatch(/"error":"the disk is full".*"msg":"old jobs not removed"/);
    await retention?.stop();
    const after = calls;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(calls).toBe(after);
  });
});
