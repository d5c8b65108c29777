import { randomUUID } from "node:crypto";
import type { SQLOutputValue } from "node:sqlite";
import type { JobState } from "../../contract/api.ts";
import type { InputValues } from "../../contract/input-values.ts";
import { type Database, promised } from "../db.ts";
import type { JobRecord, JobResult, JobStore, RunningJob } from "./store.ts";

// Whoever asked for a cancel was told "canceling": the job ends so, whatever else happened to it meanwhile.
const unlessCanceled = (value: string, canceled: string): string =>
  `CASE cancel_requested WHEN 1 THEN ${canceled} ELSE ${value} END`;
const canceledError = "'CANCELED_BY_REQUEST'";

/** @param queueLimit how many jobs may wait */
export function createSqliteJobStore(database: Database, queueLimit: number): JobStore {
  const insert = database.prepare(
    `INSERT INTO jobs (job_id, state, inputs, created_at)
     SELECT :id, 'queued', :inputs, :now WHERE (SELECT count(*) FROM jobs WHERE state = 'queued') < :limit`,
  );
  const select = database.prepare("SELECT * FROM jobs WHERE job_id = ?");
  const claim = database.prepare(
    `UPDATE jobs SET state = 'running', prompt_id = :promptId, started_at = :now, attempts = attempts + 1
     WHERE sequence = (SELECT sequence FROM jobs WHERE state = 'queued' ORDER BY priority DESC, sequence LIMIT 1) RETURNING *`,
  );
  const running = database.prepare("SELECT * FROM jobs WHERE state = 'running' ORDER BY sequence");
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
       finished_at = ${unlessCanceled("NULL", ":now")},
       error = ${unlessCanceled("NULL", canceledError)}
     WHERE job_id = :id AND state = 'running'`,
  );
  const cancel = database.prepare(
    `UPDATE jobs SET cancel_requested = 1,
       state = CASE state WHEN 'queued' THEN 'canceled' ELSE state END,
       error = CASE state WHEN 'queued' THEN ${canceledError} ELSE error END,
       finished_at = CASE state WHEN 'queued' THEN :now ELSE finished_at END
     WHERE job_id = :id AND state IN ('queued', 'running')`,
  );

  const get = (id: string): JobRecord | undefined => {
    const row = select.get(id);
    return row && toRecord(row);
  };
  const end = (id: string, state: JobState, result: JobResult | null, error: string | null): void => {
    finish.run({ id, now: now(), state, result: result && JSON.stringify(result), error });
  };

  return {
    accept: (inputs) =>
      database.commit(() => {
        const id = randomUUID().replaceAll("-", "");
        const { changes } = insert.run({ id, inputs: JSON.stringify(inputs), now: now(), limit: queueLimit });
        return changes === 0 ? undefined : get(id);
      }),
    get: (id) => promised(() => get(id)),
    claim: (promptId) =>
      database.commit(() => {
        const row = claim.get({ promptId, now: now() });
        return row && ({ ...toRecord(row), promptId } satisfies RunningJob);
      }),
    running: () => promised(() => running.all().map(toRecord).filter(isRunning)),
    complete: (id, result) => database.commit(() => end(id, "completed", result, null)),
    fail: (id, error) => database.commit(() => end(id, "failed", null, error)),
    requeue: (id, handedBack) =>
      database.commit(() => {
        requeue.run({ id, now: now(), uncounted: handedBack === "released" ? 1 : 0 });
      }),
    cancel: (id) =>
      database.commit(() => {
        const job = get(id);
        if (job === undefined) return undefined;
        cancel.run({ id, now: now() });
        return { before: job.state };
      }),
  };
}

const now = (): string => new Date().toISOString();

// claim writes a prompt id with the state: a running row has one.
const isRunning = (job: JobRecord): job is RunningJob => job.promptId !== null;

function toRecord(row: Record<string, SQLOutputValue>): JobRecord {
  return {
    id: String(row["job_id"]),
    state: row["state"] as JobState,
    inputs: JSON.parse(String(row["inputs"])) as InputValues,
    result: row["result"] === null ? null : (JSON.parse(String(row["result"])) as JobResult),
    error: row["error"] as string | null,
    promptId: row["prompt_id"] as string | null,
    cancelRequested: row["cancel_requested"] === 1,
    attempts: Number(row["attempts"]),
  };
}
