import { setTimeout as sleep } from "node:timers/promises";
import { errorCodes, isTerminal, type Job, type JobProgress, type JobState, jobProgress } from "../../contract/api.ts";
import { stateEvent } from "../../contract/job-events.ts";
import type { Client } from "../client.ts";
import { TimedOutError } from "../errors.ts";
import type { StreamEvent } from "../http/event-stream.ts";
import { HttpError } from "../http/http-error.ts";
import { waitForJob } from "../invoke/wait.ts";

export interface FollowOptions {
  /** After this many seconds the job is left to itself; undefined follows it for as long as it takes. */
  timeoutSeconds: number | undefined;
  interrupted: AbortSignal;
  /** Told of every state, of progress, and of connections that are lost. */
  onNews: (news: string) => void;
  /** Pause before a lost connection is made again, in milliseconds. */
  reconnectMs?: number;
}

// An endpoint that does not answer for so long is not restarting any more.
const mostSilenceMs = 5 * 60_000;

/**
 * Follows a job to its end by its events; where an endpoint has none, by looking again and again.
 * @throws {TimedOutError} when the time is up; a job that failed is no error here
 */
export async function followJob(client: Client, jobId: string, options: FollowOptions): Promise<Job> {
  const { timeoutSeconds, interrupted, onNews, reconnectMs = 500 } = options;
  const timeout = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
  const ending = timeout === undefined ? interrupted : AbortSignal.any([interrupted, timeout]);
  const news = createNews(onNews);
  let lastId = "";
  let livedAt = performance.now();
  try {
    for (;;) {
      try {
        for await (const event of client.jobEvents(jobId, lastId, ending)) {
          if (event.id !== "") lastId = event.id;
          livedAt = performance.now();
          const ended = news.tell(event);
          if (ended !== undefined) return ended;
        }
        const job = await client.job(jobId);
        livedAt = performance.now();
        if (isTerminal(job.state)) return job;
      } catch (error) {
        ending.throwIfAborted();
        if (isMissingRoute(error)) return await poll(client, jobId, options);
        const mayPass = error instanceof HttpError && error.isTransient;
        if (!mayPass || performance.now() - livedAt > mostSilenceMs) throw error;
        onNews(`${error.message}; connecting again`);
      }
      await sleep(reconnectMs, undefined, { signal: ending });
    }
  } catch (error) {
    if (timeout?.aborted !== true || interrupted.aborted || error instanceof TimedOutError) throw error;
    throw new TimedOutError(`job ${jobId} was still ${news.state()} after ${timeoutSeconds} s; it goes on`);
  }
}

const poll = (client: Client, jobId: string, { timeoutSeconds, interrupted, onNews }: FollowOptions): Promise<Job> =>
  waitForJob(client, jobId, { pollSeconds: 2, timeoutSeconds, interrupted, onGivingUp: "leave", onChange: onNews });

/** An older gateway: it knows jobs, but no events of theirs. */
const isMissingRoute = (error: unknown): boolean =>
  error instanceof HttpError && error.status === 404 && error.code !== errorCodes.jobNotFound;

/** Turns events into news for people, each once. */
function createNews(onNews: (news: string) => void) {
  let state: JobState | "unknown" = "unknown";
  let percent = -1;
  return {
    state: () => state,
    /** @returns the job, when this was its last event */
    tell: ({ type, data }: StreamEvent): Job | undefined => {
      const document = parseJson(data);
      const change = type === "state" ? stateEvent.safeParse(document).data : undefined;
      if (change !== undefined && change.state !== state) onNews(change.state);
      state = change?.state ?? state;
      if (change?.job !== undefined && isTerminal(change.state)) return change.job;

      const progress = type === "progress" ? jobProgress.safeParse(document).data : undefined;
      // A tenth at a time: a sampler tells of every step.
      const tenths = progress === undefined ? percent : Math.floor(progress.value * 10) * 10;
      if (tenths !== percent) onNews(`${tenths} %${nodeText(progress)}`);
      percent = tenths;
      return undefined;
    },
  };
}

const nodeText = (progress: JobProgress | undefined): string =>
  typeof progress?.node_class === "string" ? ` (${progress.node_class})` : "";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Nothing that this version understands.
    return undefined;
  }
}
