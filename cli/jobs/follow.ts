import { setTimeout as sleep } from "node:timers/promises";
import { errorCodes, type Job } from "../../contract/api.ts";
import type { Client } from "../client.ts";
import { TimedOutError } from "../errors.ts";
import { HttpError } from "../http/http-error.ts";
import { createNews, type JobNews } from "./news.ts";

export interface FollowOptions {
  /** Longest pause between two looks at what no event tells: the place in the queue, and all where there are no events. */
  pollSeconds: number;
  /** After this many seconds the job is given up; undefined follows it for as long as it takes. */
  timeoutSeconds: number | undefined;
  /** The user gave up. */
  interrupted: AbortSignal;
  /** What becomes of a job that is given up. */
  onGivingUp: "cancel" | "leave";
  news: JobNews;
}

const leastPauseMs = 200;
const growth = 1.5;
// An endpoint that does not answer for so long is not restarting any more.
const mostSilenceMs = 5 * 60_000;

/**
 * Follows a job to its end by its events; where an endpoint has none, by looking again and again.
 * @throws {TimedOutError} when the time is up
 * @throws {HttpError} when the endpoint is gone; a job that failed is no error here
 */
export async function followJob(client: Client, jobId: string, options: FollowOptions): Promise<Job> {
  const { timeoutSeconds, interrupted, onGivingUp } = options;
  const timeout = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
  const ending = timeout === undefined ? interrupted : AbortSignal.any([interrupted, timeout]);
  const news = createNews(options.news);
  try {
    return await follow(client, jobId, { news, ending, pollMs: options.pollSeconds * 1000 });
  } catch (error) {
    if (interrupted.aborted && onGivingUp === "cancel") await cancel(client, jobId);
    if (timeout?.aborted !== true || interrupted.aborted) throw error;
    const outcome = onGivingUp === "cancel" ? await cancel(client, jobId) : "it goes on";
    throw new TimedOutError(`job ${jobId} was still ${news.state()} after ${timeoutSeconds} s; ${outcome}`);
  }
}

interface Following {
  news: ReturnType<typeof createNews>;
  ending: AbortSignal;
  pollMs: number;
}

async function follow(client: Client, jobId: string, { news, ending, pollMs }: Following): Promise<Job> {
  let hasEvents = true;
  let lastId = "";
  let livedAt = performance.now();

  const look = async (): Promise<Job | undefined> => {
    const job = await client.job(jobId);
    livedAt = performance.now();
    return news.look(job);
  };
  const listen = async (): Promise<Job | undefined> => {
    const watch = watchQueue(news, look, pollMs);
    try {
      for await (const event of client.jobEvents(jobId, lastId, ending)) {
        if (event.id !== "") lastId = event.id;
        livedAt = performance.now();
        const ended = news.hear(event);
        if (ended !== undefined) return ended;
      }
      return undefined;
    } finally {
      watch.end();
    }
  };

  for (let pause = leastPauseMs; ; pause = Math.min(pause * growth, Math.max(leastPauseMs, pollMs))) {
    try {
      const ended = (hasEvents ? await listen() : undefined) ?? (await look());
      if (ended !== undefined) return ended;
    } catch (error) {
      ending.throwIfAborted();
      if (hasEvents && isMissingRoute(error)) {
        hasEvents = false;
        continue;
      }
      const mayPass = error instanceof HttpError && error.isTransient;
      if (!mayPass || performance.now() - livedAt > mostSilenceMs) throw error;
      news.trouble(error.message);
    }
    await sleep(pause, undefined, { signal: ending });
  }
}

// Most jobs are not queued for that long.
const firstQueueLookMs = 500;

/** Looks at a job that waits every now and then: no event tells its place in the queue. */
function watchQueue(news: Following["news"], look: () => Promise<unknown>, pollMs: number) {
  let timer: NodeJS.Timeout;
  let ended = false;
  const again = (delay: number): void => {
    if (ended) return;
    timer = setTimeout(() => {
      const looked = news.state() === "queued" ? look() : Promise.resolve();
      // Whether the endpoint is there the stream of events tells.
      void looked.catch(() => undefined).then(() => again(Math.max(leastPauseMs, pollMs)));
    }, delay);
    timer.unref();
  };
  again(firstQueueLookMs);
  return {
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}

/** An older gateway: it knows jobs, but no events of theirs. */
const isMissingRoute = (error: unknown): boolean =>
  error instanceof HttpError && error.status === 404 && error.code !== errorCodes.jobNotFound;

/** Cancels the job as far as possible, and says what became of that. */
const cancel = (client: Client, jobId: string): Promise<string> =>
  client.cancelJob(jobId).then(
    (reply) => ("already_terminal" in reply ? `it has just become ${reply.state}` : "it is being canceled"),
    (error: unknown) => `it could not be canceled: ${error instanceof Error ? error.message : String(error)}`,
  );
