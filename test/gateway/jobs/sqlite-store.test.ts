import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../../gateway/db.ts";
import { createSqliteJobStore } from "../../../gateway/jobs/sqlite-store.ts";
import type { Accepted, JobRecord, JobStore, NewJob, Period, RunningJob } from "../../../gateway/jobs/store.ts";

let folder: string;
let database: Database;
let jobs: JobStore;
const open = (): void => {
  database = openDatabase(join(folder, "jobs.db"));
  jobs = createSqliteJobStore(database, 2);
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-store-"));
  open();
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const accept = (more: Partial<NewJob> = {}): Promise<Accepted> =>
  jobs.accept({ inputs: { prompt: "x" }, priority: 0, webhookUrl: null, idempotency: null, ...more });
const accepted = async (more: Partial<NewJob> = {}): Promise<JobRecord> => {
  const outcome = await accept(more);
  if (outcome.kind !== "accepted") throw new Error(`the job is not accepted: ${outcome.kind}`);
  return outcome.job;
};
const noBoot: Period = { from: 0, to: 0 };
const claim = (promptId: string): Promise<RunningJob | undefined> => jobs.claim(promptId, noBoot);

describe("the job store", () => {
  it("keeps what it accepted over a restart", async () => {
    const job = await accepted();
    database.close();
    open();
    expect(await jobs.get(job.id)).toEqual({
      id: job.id,
      state: "queued",
      inputs: { prompt: "x" },
      result: null,
      error: null,
      promptId: null,
      cancelRequested: false,
      attempts: 0,
      sequence: 1,
      priority: 0,
      createdAt: job.createdAt,
      startedAt: null,
      finishedAt: null,
      bootMs: null,
    });
    expect(new Date(job.createdAt).toISOString()).toBe(job.createdAt);
  });

  it("accepts no more than may wait; running ones do not count", async () => {
    await accepted();
    await accepted();
    expect(await accept()).toEqual({ kind: "full", queued: 2 });
    await claim("p1");
    await accepted();
    expect(await accept()).toEqual({ kind: "full", queued: 2 });
  });

  it("gives out each job once, oldest first", async () => {
    const [first, second] = [await accepted(), await accepted()];
    const running = await claim("p1");
    const startedAt = running?.startedAt;
    expect(running).toEqual({ ...first, state: "running", promptId: "p1", attempts: 1, startedAt, bootMs: 0 });
    expect((await claim("p2"))?.id).toBe(second.id);
    expect(await claim("p3")).toBeUndefined();
    expect((await jobs.running()).map(({ promptId }) => promptId)).toEqual(["p1", "p2"]);
  });

  it("puts a lost job before younger ones, and counts the attempt", async () => {
    const first = await accepted();
    await accepted();
    await claim("p1");
    await jobs.requeue(first.id, "lost");
    expect(await claim("p2")).toMatchObject({ id: first.id, promptId: "p2", attempts: 2 });
  });

  it("knows which part of a wait the boot took", async () => {
    const job = await accepted();
    const created = Date.parse(job.createdAt);
    const bootOf = async (from: number, to: number): Promise<number | null | undefined> => {
      const running = await jobs.claim("p", { from: created + from, to: created + to });
      await jobs.requeue(job.id, "released");
      return running?.bootMs;
    };
    expect(await bootOf(-5000, -1000)).toBe(0);
    const whole = await bootOf(-5000, 3_600_000);
    expect(whole).toBeLessThan(20_000);
    expect(await bootOf(-5000, 0)).toBe(0);
    expect((await jobs.get(job.id))?.startedAt).toBeNull();
  });

  it("tells of every change of a job once it is written, and when it has ended", async () => {
    const changes: [string, boolean][] = [];
    const watched = createSqliteJobStore(database, 2, (...change) => changes.push(change));
    const [one, two, three] = [await accepted(), await accepted(), "unknown"];
    await watched.claim("p1", noBoot);
    await watched.requeue(one.id, "lost");
    await watched.claim("p2", noBoot);
    await watched.complete(one.id, {});
    await watched.fail(one.id, "SYSTEM_ERROR:late");
    await watched.cancel(one.id);
    await watched.claim("p3", noBoot);
    await watched.cancel(two.id);
    await watched.requeue(two.id, "lost");
    await watched.cancel(three);
    const queued = await accepted();
    await watched.cancel(queued.id);
    expect(changes).toEqual([
      ...[one.id, one.id, one.id].map((id) => [id, false]),
      [one.id, true],
      ...[one.id, one.id, two.id, two.id].map((id) => [id, false]),
      [two.id, true],
      ["unknown", false],
      [queued.id, true],
    ]);
  });

  it("gives out a new job to whoever claims when told of it, before it is on disk", async () => {
    database.close();
    let isSafe = (): void => undefined;
    database = openDatabase(join(folder, "jobs.db"), () => new Promise((resolve) => (isSafe = resolve)));
    const claims: Promise<RunningJob | undefined>[] = [];
    jobs = createSqliteJobStore(database, 2, undefined, () => claims.push(claim("p1")));
    let isAccepted = false;
    const accepting = accepted().finally(() => (isAccepted = true));
    expect(await claims[0]).toMatchObject({ state: "running", promptId: "p1" });
    expect(isAccepted).toBe(false);
    isSafe();
    expect(await accepting).toMatchObject({ id: (await claims[0])?.id, state: "queued" });
  });

  it("does not count the attempt of a job that was handed back", async () => {
    const job = await accepted();
    await claim("p1");
    await jobs.requeue(job.id, "released");
    expect(await claim("p2")).toMatchObject({ id: job.id, attempts: 1 });
  });

  it.each(["completed", "failed"] as const)("lets no second end follow a %s job", async (state) => {
    const job = await accepted();
    await claim("p1");
    await (state === "completed" ? jobs.complete(job.id, { n: 1 }) : jobs.fail(job.id, "PROMPT_FAILED:x"));
    const ended = await jobs.get(job.id);
    await jobs.complete(job.id, { n: 2 });
    await jobs.fail(job.id, "SYSTEM_ERROR:late");
    await jobs.requeue(job.id, "lost");
    expect(await jobs.cancel(job.id)).toEqual({ before: state });
    expect(await jobs.get(job.id)).toEqual(ended);
    expect(ended?.state).toBe(state);
  });

  it.each(["complete", "fail", "requeue"] as const)("ends as canceled what was asked for it, at %s", async (method) => {
    const job = await accepted();
    await claim("p1");
    expect(await jobs.cancel(job.id)).toEqual({ before: "running" });
    if (method === "complete") await jobs.complete(job.id, { n: 1 });
    else if (method === "fail") await jobs.fail(job.id, "PROMPT_FAILED:interrupted");
    else await jobs.requeue(job.id, "lost");
    expect(await jobs.get(job.id)).toMatchObject({
      state: "canceled",
      error: "CANCELED_BY_REQUEST",
      result: null,
      cancelRequested: true,
    });
  });

  it("is owned by one process", () => {
    expect(() => openDatabase(join(folder, "jobs.db"))).toThrow("database is locked");
  });

  it("is not opened by a gateway older than itself", () => {
    const path = join(folder, "later.db");
    const later = openDatabase(path);
    later.prepare("PRAGMA user_version = 99").run();
    later.close();
    expect(() => openDatabase(path)).toThrow(
      `${path} has version 99, this gateway knows 1; run the gateway that wrote it`,
    );
  });
});
