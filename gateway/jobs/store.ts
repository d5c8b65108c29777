import type { Job, JobState } from "../../contract/api.ts";
import type { InputValues } from "../../contract/input-values.ts";

/** Values by output name. */
export type JobResult = Record<string, unknown>;

export interface JobRecord {
  id: string;
  state: JobState;
  inputs: InputValues;
  result: JobResult | null;
  /** A code and its detail, `PROMPT_FAILED:…`; null unless failed or canceled. */
  error: string | null;
  /** ComfyUI's id of the latest attempt, written down before it is submitted. */
  promptId: string | null;
  cancelRequested: boolean;
  /** How often it was given to ComfyUI. */
  attempts: number;
}

/** A job that was given to ComfyUI. */
export type RunningJob = JobRecord & { promptId: string };

/**
 * The queue and its past. Every change names the states it may come from, so that of two that meet only one wins;
 * what was accepted survives a crash.
 */
export interface JobStore {
  /** Queues a job, durably; undefined when the queue is full. */
  accept(inputs: InputValues): Promise<JobRecord | undefined>;
  get(id: string): Promise<JobRecord | undefined>;
  /** Moves the oldest queued job to running, under the given prompt id. */
  claim(promptId: string): Promise<RunningJob | undefined>;
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
}

/** Why a job returns to the queue: it was `lost` in ComfyUI, or `released` unharmed, which counts as no attempt. */
export type HandedBack = "lost" | "released";

/** A job as the API shows it. */
export function jobBody(job: JobRecord): Job {
  return {
    job_id: job.id,
    state: job.state,
    output:
      job.result === null || job.promptId === null
        ? null
        : { prompt_id: job.promptId, status: "completed", result: job.result },
    error: job.error,
    prompt_id: job.promptId,
    cancel_requested: job.cancelRequested,
  };
}
