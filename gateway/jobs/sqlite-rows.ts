import type { SQLOutputValue } from "node:sqlite";
import type { JobState } from "../../contract/api.ts";
import type { InputValues } from "../../contract/input-values.ts";
import type { JobHead, JobRecord, JobResult } from "./store.ts";

type Row = Record<string, SQLOutputValue>;

/** Columns of a job but for those that may be large. */
export const headColumns =
  "sequence, job_id, state, error, prompt_id, cancel_requested, attempts, priority, created_at, started_at, finished_at, boot_ms";

export function toHead(row: Row): JobHead {
  return {
    id: String(row["job_id"]),
    sequence: Number(row["sequence"]),
    state: row["state"] as JobState,
    error: row["error"] as string | null,
    promptId: row["prompt_id"] as string | null,
    cancelRequested: row["cancel_requested"] === 1,
    attempts: Number(row["attempts"]),
    priority: Number(row["priority"]),
    createdAt: String(row["created_at"]),
    startedAt: row["started_at"] as string | null,
    finishedAt: row["finished_at"] as string | null,
    bootMs: row["boot_ms"] as number | null,
  };
}

export function toRecord(row: Row): JobRecord {
  return {
    ...toHead(row),
    inputs: JSON.parse(String(row["inputs"])) as InputValues,
    result: row["result"] === null ? null : (JSON.parse(String(row["result"])) as JobResult),
  };
}
