import { setTimeout as sleep } from "node:timers/promises";
import { isTerminal, type Job } from "../../contract/api.ts";
import type { Client } from "../client.ts";
import { TimedOutError } from "../errors.ts";
import { HttpError } from "../http/http-error.ts";

export interface WaitOptions {
  /** Longest pause between two looks, in seconds. */
  pollSeconds: number;
  /** After this many seconds the job is given up; undefined waits for as long as it takes. */
  timeoutSeconds: number | undefined;
  /** The user gave up. */
  interrupted: AbortSignal;
  /** What becomes of a job that is given up. */
  onGivingUp: "cancel" | "leave";
  /** Told whenever the job's state changes, or the endpoint cannot be reached. */
  onChange: (news: string) => void;
}

const leastPauseMs = 200;
const growth = 1.5;
// An endpoint that does not answer for so long is not restarting any more.
const mostSilenceMs = 5 * 60_000;

/**
 * Follows a job to its end.
 * @throws {TimedOutError} when the time is up
 * @throws {HttpError} when the endpoint is gone; a job that failed is no error here
 */
export async function waitForJob(client: Client, jobId: string, options: WaitOptions): Promise<Job> {
  const { timeoutSeconds, interrupted, onGivingUp, onChange } = options;
  const deadline = timeoutSeconds === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutSeconds * 1000;
  let last = "unknown";
  let answeredAt = performance.now();
  try {
    for (
      let pause = leastPauseMs;
      ;
      pause = Math.min(pause * growth, Math.max(leastPauseMs, options.pollSeconds * 1000))
    ) {
      const job = await client.job(jobId).catch((error: unknown) => {
        if (!(error instanceof HttpError) || !error.isTransient) throw error;
        if (performance.now() - answeredAt > mostSilenceMs) throw error;
        onChange(`${error.message}; trying again`);
        return undefined;
      });
      if (job !== undefined) {
        answeredAt = performance.now();
        if (job.state !== last) onChange(job.state);
        last = job.state;
        if (isTerminal(job.state)) return job;
      }
      const left = deadline - performance.now();
      if (left <= 0) {
        const outcome = onGivingUp === "cancel" ? await cancel(client, jobId) : "it goes on";
        throw new TimedOutError(`job ${jobId} was still ${last} after ${timeoutSeconds} s; ${outcome}`);
      }
      await sleep(Math.min(pause, left), undefined, { signal: interrupted });
    }
  } catch (error) {
    if (interrupted.aborted && onGivingUp === "cancel") await cancel(client, jobId);
    throw error;
  }
}

/** Cancels the job as far as possible, and says what became of that. */
const cancel = (client: Client, jobId: string): Promise<string> =>
  client.cancelJob(jobId).then(
    (reply) => ("already_terminal" in reply ? `it has just become ${reply.state}` : "it is being canceled"),
    (error: unknown) => `it could not be canceled: ${error instanceof Error ? error.message : String(error)}`,
  );
