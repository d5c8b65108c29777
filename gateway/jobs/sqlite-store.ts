import { randomUUID } from "node:crypto";
import { type JobState, terminalStates } from "../../contract/api.ts";
import type { Database } from "../db.ts";
import { createJobList } from "./sqlite-list.ts";
import { toRecord } from "./sqlite-rows.ts";
import type {
  Accepted,
  Idempotency,
  JobRecord,
  JobResult,
  JobStore,
  NewJob,
  Period,
  Repeated,
  RunningJob,
} from "./store.ts";

// Whoever asked for a cancel was told "canceling": the job ends so, whatever else happened to it meanwhile.
const unlessCanceled = (value: string, canceled: string): string =>
  `CASE cancel_requested WHEN 1 THEN ${canceled} ELSE ${value} END`;
const canceledError = "'CANCELED_BY_REQUEST'";

/**
 * @param queueLimit how many jobs may wait
 * @param changed told of a job that has another state, once that is written, and whether it ended with it
 * @param queued told of new jobs before they are written, so that a claim is written with them. Their run may begin before
 *   they are on disk: ComfyUI's end is the gateway's when the machine fails, and nobody was told of them yet
 */
export function createSqliteJobStore(
  database: Database,
  queueLimit: number,
  changed: (jobId: string, hasEnded: boolean) => void = () => undefined,
  queued: () => void = () => undefined,
): JobStore {
  const insert = database.prepare(
    `INSERT INTO jobs (job_id, state, inputs, priority, webhook_url, idempotency_key, request_sha256, created_at)
     VALUES (:id, 'queued', :inputs, :priority, :webhookUrl, :key, :requestSha256, :now)
     RETURNING *`,
  );
  const select = database.prepare("SELECT * FROM jobs WHERE job_id = ?");
  const selectByKey = database.prepare("SELECT * FROM jobs WHERE idempotency_key = ?");
  const queue = database.prepare(
    `SELECT sequence, created_at FROM jobs INDEXED BY jobs_queued WHERE state = 'queued'
     ORDER BY priority DESC, sequence LIMIT ?`,
  );
  const claim = database.prepare(
    `UPDATE jobs SET state = 'running', prompt_id = :promptId, started_at = :now, boot_ms = :bootMs,
       attempts = attempts + 1
     WHERE sequence = :sequence RETURNING *`,
  );
  const running = database.prepare(
    "SELECT * FROM jobs INDEXED BY jobs_running WHERE state = 'running' ORDER BY sequence",
  );
  const count = database.prepare("SELECT count(*) AS jobs FROM jobs WHERE state = ?");
  const moreUrgent = database.prepare(
    "SELECT count(*) AS jobs FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' AND priority > ?",
  );
  const earlier = database.prepare(
    `SELECT count(*) AS jobs FROM jobs INDEXED BY jobs_queued
     WHERE state = 'queued' AND priority = ? AND sequence < ?`,
  );
  const recent = database.prepare(
    `SELECT started_at, finished_at FROM jobs WHERE state = 'completed'
     ORDER BY created_at DESC, sequence DESC LIMIT 20`,
  );
  const finish = database.prepare(
    `UPDATE jobs SET finished_at = :now,
       state = ${unlessCanceled(":state", "'canceled'")},
       result = ${unlessCanceled(":result", "NULL")},
       error = ${unlessCanceled(":error", canceledError)}
     WHERE job_id = :id AND state = 'running'`,
  );
  const requeue = database.prepare(
    `UPDATE jobs SET attempts = attempts - :uncounted,
       state = ${unlessCanceled("'queued'", "'canceled'")},
       started_at = ${unlessCanceled("NULL", "started_at")},
       finished_at = ${unlessCanceled("NULL", ":now")},
       error = ${unlessCanceled("NULL", canceledError)}
     WHERE job_id = :id AND state = 'running' RETURNING state`,
  );
  const cancel = database.prepare(
    `UPDATE jobs SET cancel_requested = 1,
       state = CASE state WHEN 'queued' THEN 'canceled' ELSE state END,
       error = CASE state WHEN 'queued' THEN ${canceledError} ELSE error END,
       finished_at = CASE state WHEN 'queued' THEN :now ELSE finished_at END
     WHERE job_id = :id AND state IN ('queued', 'running')`,
  );
  // What ended before it was created before, which the index knows.
  const remove = database.prepare(
    `DELETE FROM jobs WHERE sequence IN (
       SELECT sequence FROM jobs WHERE state = :state AND created_at < :before AND finished_at < :before
       ORDER BY created_at LIMIT :most)`,
  );
  const list = createJobList(database);

  const get = (id: string): JobRecord | undefined => {
    const row = select.get(id);
    return row && toRecord(row);
  };
  // How many more surely find room: to count the queue for every one of them would cost more than its row.
  let room = 0;
  const jobsIn = (state: JobState): number => Number(count.get(state)?.["jobs"]);
  const repeated = ({ key, requestSha256 }: Idempotency): Repeated | undefined => {
    const row = selectByKey.get(key);
    if (row === undefined) return undefined;
    return row["request_sha256"] === requestSha256 ? { kind: "repeated", job: toRecord(row) } : { kind: "conflict" };
  };
  const insertNew = ({ inputs, priority, webhookUrl, idempotency }: NewJob): Accepted => {
    const before = idempotency && repeated(idempotency);
    if (before) return before;
    if (room <= 0) {
      const waiting = jobsIn("queued");
      room = queueLimit - waiting;
      if (room <= 0) return { kind: "full", queued: waiting };
    }
    room -= 1;
    const id = randomUUID().replaceAll("-", "");
    const { key = null, requestSha256 = null } = idempotency ?? {};
    const values = { priority, webhookUrl, key, requestSha256, inputs: JSON.stringify(inputs) };
    const row = insert.get({ id, now: now(), ...values });
    if (row === undefined) throw new Error(`job ${id} was written and cannot be read`);
    return { kind: "accepted", job: toRecord(row) };
  };
  /** A change of one job that is told when it is on disk. */
  const change = async <T>(id: string, work: () => T, hasEnded: (value: T) => boolean): Promise<T> => {
    const value = await database.commit(work);
    changed(id, hasEnded(value));
    return value;
  };
  const end = async (id: string, state: JobState, result: JobResult | null, error: string | null): Promise<void> => {
    const values = { id, now: now(), state, result: result && JSON.stringify(result), error };
    // When the machine fails before it is safe, the job is as it was, and is run again.
    const { changes } = await database.note(() => finish.run(values));
    changed(id, changes === 1);
  };

  return {
    accept: (job) => {
      const accepted = database.commit(() => insertNew(job));
      queued();
      return accepted;
    },
    repeated: (idempotency) => database.read(() => repeated(idempotency)),
    get: (id) => database.read(() => get(id)),
    list: (filter, limit, cursor) => database.read(() => list(filter, limit, cursor)),
    queuePosition: ({ priority, sequence }) =>
      database.read(
        () => 1 + Number(moreUrgent.get(priority)?.["jobs"]) + Number(earlier.get(priority, sequence)?.["jobs"]),
      ),
    queueOrder: () => database.read(() => queue.all(queueLimit).map((row) => Number(row["sequence"]))),
    unfinished: () => database.read(() => ({ queued: jobsIn("queued"), running: jobsIn("running") })),
    recentRunMs: () =>
      database.read(() => recent.all().map((row) => millis(row["finished_at"]) - millis(row["started_at"]))),
    claim: async (promptId, boot) => {
      // When the machine fails, ComfyUI's queue is gone with it: the job may as well be a queued one.
      const job = await database.note(() => {
        const first = queue.get(1);
        if (first === undefined) return undefined;
        const bootMs = overlap(boot, { from: millis(first["created_at"]), to: Date.now() });
        const row = claim.get({ promptId, now: now(), bootMs, sequence: Number(first["sequence"]) });
        return row && ({ ...toRecord(row), promptId } satisfies RunningJob);
      });
      if (job !== undefined) changed(job.id, false);
      return job;
    },
    running: () => database.read(() => running.all().map(toRecord).filter(isRunning)),
    complete: (id, result) => end(id, "completed", result, null),
    fail: (id, error) => end(id, "failed", null, error),
    requeue: async (id, handedBack) => {
      const values = { id, now: now(), uncounted: handedBack === "released" ? 1 : 0 };
      await change(
        id,
        () => {
          // It takes a place of the queue again.
          room = 0;
          return requeue.get(values)?.["state"];
        },
        (state) => state === "canceled",
      );
    },
    cancel: (id) =>
      change(
        id,
        () => {
          const job = get(id);
          if (job === undefined) return undefined;
          cancel.run({ id, now: now() });
          return { before: job.state };
        },
        (outcome) => outcome?.before === "queued",
      ),
    removeEnded: (before, most) =>
      database.commit(() =>
        terminalStates.reduce((sum, state) => sum + Number(remove.run({ state, before, most }).changes), 0),
      ),
  };
}

const now = (): string => new Date().toISOString();
const millis = (time: unknown): number => Date.parse(String(time));

const overlap = (a: Period, b: Period): number => Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));

// claim writes a prompt id with the state: a running row has one.
const isRunning = (job: JobRecord): job is RunningJob => job.promptId !== null;
