import type { JobState } from "../../contract/api.ts";
import type { InputValues } from "../../contract/input-values.ts";

/** Values by output name. */
export type JobResult = Record<string, unknown>;

/** What is known of a job but for what went in and came out, which may be large. */
export interface JobHead {
  id: string;
  /** Place in the order of acceptance. */
  sequence: number;
  state: JobState;
  /** A code and its detail, `PROMPT_FAILED:…`; null unless failed or canceled. */
  error: string | null;
  /** ComfyUI's id of the latest attempt, written down before it is submitted. */
  promptId: string | null;
  cancelRequested: boolean;
  /** How often it was given to ComfyUI. */
  attempts: number;
  /** The higher, the sooner. */
  priority: number;
  /** ISO 8601 in UTC, like the two below. */
  createdAt: string;
  /** Of the latest attempt; null while it waits. */
  startedAt: string | null;
  finishedAt: string | null;
  /** Milliseconds of the wait in which the endpoint was booting; null before the start. */
  bootMs: number | null;
}

export interface JobRecord extends JobHead {
  inputs: InputValues;
  result: JobResult | null;
}

/** A job that was given to ComfyUI. */
export type RunningJob = JobRecord & { promptId: string };

export interface NewJob {
  inputs: InputValues;
  priority: number;
  webhookUrl: string | null;
  /** When the caller gave one: a second request of that key is this job. */
  idempotency: Idempotency | null;
}

export interface Idempotency {
  /** The caller and the key it gave. */
  key: string;
  /** Hash of what was asked for. */
  requestSha256: string;
}

/** What came of a request that was made before under the same key: that job, or a refusal when it asked for something else. */
export type Repeated = { kind: "repeated"; job: JobRecord } | { kind: "conflict" };

export type Accepted = { kind: "accepted"; job: JobRecord } | { kind: "full"; queued: number } | Repeated;

/** Which jobs are listed; all of what is undefined. */
export interface JobFilter {
  states?: readonly JobState[] | undefined;
  /** ISO 8601 in UTC with milliseconds, as `createdAt` is; exclusive. */
  createdAfter?: string | undefined;
  createdBefore?: string | undefined;
}

export type JobCursor = Pick<JobHead, "createdAt" | "sequence">;

/** A span of time, in milliseconds since the epoch. */
export interface Period {
  from: number;
  to: number;
}

/**
 * The queue and its past. Every change names the states it may come from, so that of two that meet only one wins;
 * what was accepted survives a crash.
 */
export interface JobStore {
  /** Queues a job, durably, unless the queue is full or the same was asked for before. */
  accept(job: NewJob): Promise<Accepted>;
  /** What was asked for before under that key. */
  repeated(idempotency: Idempotency): Promise<Repeated | undefined>;
  get(id: string): Promise<JobRecord | undefined>;
  /** The newest first, older than the cursor. */
  list(filter: JobFilter, limit: number, cursor: JobCursor | null): Promise<JobHead[]>;
  /** Which place a queued job has in the queue, from 1. */
  queuePosition(job: Pick<JobHead, "priority" | "sequence">): Promise<number>;
  /** The sequences of all queued jobs, as they come to their turn. */
  queueOrder(): Promise<number[]>;
  /** How many jobs have not ended. */
  unfinished(): Promise<{ queued: number; running: number }>;
  /** How long the latest completed runs took, in milliseconds. */
  recentRunMs(): Promise<number[]>;
  /**
   * Moves the oldest of the most urgent queued jobs to running, under the given prompt id.
   * @param boot when the endpoint was booting
   */
  claim(promptId: string, boot: Period): Promise<RunningJob | undefined>;
  /** Jobs left running by a process that died. */
  running(): Promise<RunningJob[]>;
  /** Ends a running job with its result; canceled instead when that was asked for. */
  complete(id: string, result: JobResult): Promise<void>;
  /** Ends a running job with an error; canceled instead when that was asked for. */
  fail(id: string, error: string): Promise<void>;
  /** Hands a running job back to the queue's front; canceled instead when that was asked for. */
  requeue(id: string, handedBack: HandedBack): Promise<void>;
  /** A queued job is canceled at once, a running one is marked. Undefined when there is no such job. */
  cancel(id: string): Promise<{ before: JobState } | undefined>;
  /**
   * Removes jobs that ended before that time, with all that is known of them, at most so many of each state.
   * @returns how many
   */
  removeEnded(before: string, most: number): Promise<number>;
}

/** Why a job returns to the queue: it was `lost` in ComfyUI, or `released` unharmed, which counts as no attempt. */
export type HandedBack = "lost" | "released";
