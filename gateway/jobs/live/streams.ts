import { once } from "node:events";
import type { Response } from "express";
import { errorCodes, isTerminal, type Job, type JobState } from "../../../contract/api.ts";
import type { PreviewEvent, StateEvent } from "../../../contract/job-events.ts";
import { HttpProblem } from "../../http.ts";
import { errorFields, type Log } from "../../log.ts";
import { createSignal } from "../../signal.ts";
import type { EventLog, JobEvent } from "./event-log.ts";
import type { JobFeed } from "./feed.ts";
import { heartbeat, sseHead, sseText } from "./sse.ts";

export interface EventStreamsOptions {
  events: Pick<EventLog, "after">;
  feed: Pick<JobFeed, "follow">;
  /** A job as the API shows it. */
  job: (id: string) => Promise<Job | undefined>;
  /** The gateway stops: its streams end. */
  stopping: AbortSignal;
  log: Log;
  /** How many streams may be open. */
  most?: number;
  heartbeatMs?: number;
}

/** Streams of what happens to jobs, each from where its reader left off. */
export interface EventStreams {
  /**
   * Sends a job's events after that one until its last; ends when they are sent, or their reader is gone.
   * @throws {HttpProblem} 429 when too many streams are open
   */
  send(jobId: string, after: number, response: Response): Promise<void>;
}

const atOnce = 100;

export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const { events, feed, job, stopping, log, most = 100, heartbeatMs = 15_000 } = options;
  let open = 0;

  const textOf = async (jobId: string, { sequence, type, data, createdAt }: JobEvent): Promise<[string, boolean]> => {
    if (type !== "state") return [sseText({ type, data, id: sequence }), false];
    const { state } = data as { state: JobState };
    const isLast = isTerminal(state);
    const shown = isLast ? await job(jobId) : undefined;
    const body: StateEvent = { job_id: jobId, state, at: createdAt, ...(shown !== undefined && { job: shown }) };
    return [sseText({ type, data: body, id: sequence }), isLast];
  };

  const pump = async (jobId: string, after: number, response: Response): Promise<void> => {
    const gone = new AbortController();
    const over = AbortSignal.any([gone.signal, stopping]);
    response.once("close", () => gone.abort());
    const news = createSignal();
    // What a slow reader has not taken yet waits in the log, and pictures are not kept for anybody.
    const isBusy = (): boolean => response.writableNeedDrain;
    const preview = (data: PreviewEvent): void => {
      if (!isBusy()) response.write(sseText({ type: "preview", data }));
    };
    const unfollow = feed.follow(jobId, { changed: () => news.notify(), preview });
    const beat = setInterval(() => {
      if (!isBusy()) response.write(heartbeat);
    }, heartbeatMs);
    try {
      let last = after;
      let hasEnded = false;
      while (!over.aborted) {
        const next = await events.after(jobId, last, atOnce);
        for (const event of next) {
          const [text, isLast] = await textOf(jobId, event);
          if (isLast) {
            // Both at once: its reader has the connection for the output then.
            response.end(text);
            return;
          }
          if (!response.write(text)) await once(response, "drain", { signal: over });
          last = event.sequence;
        }
        if (next.length > 0) continue;
        // Its last event was seen before, or lost with the machine that wrote it.
        if (hasEnded) return;
        const { state } = (await job(jobId)) ?? {};
        hasEnded = state === undefined || isTerminal(state);
        if (!hasEnded) await news.wait(longest, over);
      }
    } catch (error) {
      if (!over.aborted) throw error;
    } finally {
      clearInterval(beat);
      unfollow();
    }
  };

  return {
    send: async (jobId, after, response) => {
      if (open >= most) {
        const detail = `${most} event streams are open, which is as many as there may be; close some or come back`;
        throw new HttpProblem(429, errorCodes.tooManyStreams, { detail }, { "retry-after": "5" });
      }
      open += 1;
      try {
        response.writeHead(200, {
          "content-type": "text/event-stream",
          "cache-control": "no-store, no-transform",
          // nginx would keep the events until it has a page of them.
          "x-accel-buffering": "no",
        });
        response.write(sseHead);
        await pump(jobId, after, response);
      } catch (error) {
        log.error("event stream failed by a fault", { job_id: jobId, ...errorFields(error) });
      } finally {
        open -= 1;
        response.end();
      }
    },
  };
}

// A timer must have an end.
const longest = 2 ** 31 - 1;
