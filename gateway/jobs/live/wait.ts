import { isTerminal } from "../../../contract/api.ts";
import { createSignal } from "../../signal.ts";
import type { JobRecord, JobStore } from "../store.ts";
import type { JobFeed } from "./feed.ts";

/** Waits for a job's end, without asking again and again. */
export type WaitForEnd = (
  jobId: string,
  milliseconds: number,
  /** Whoever waits is gone. */
  gone: AbortSignal,
) => Promise<JobRecord | undefined>;

/**
 * @param stopping the gateway stops: nobody is kept waiting
 * @returns the job as it is when it has ended, when the time is up, or when there is no use in waiting
 */
export function createWaitForEnd(
  jobs: Pick<JobStore, "get">,
  feed: Pick<JobFeed, "follow">,
  stopping: AbortSignal,
): WaitForEnd {
  return async (jobId, milliseconds, gone) => {
    const news = createSignal();
    const over = AbortSignal.any([gone, stopping]);
    const deadline = Date.now() + milliseconds;
    // Before the first look, so that nothing happens unseen between the two.
    const unfollow = feed.follow(jobId, { changed: () => news.notify() });
    try {
      for (;;) {
        const job = await jobs.get(jobId);
        const left = deadline - Date.now();
        if (job === undefined || isTerminal(job.state) || left <= 0 || over.aborted) return job;
        await news.wait(left, over);
      }
    } finally {
      unfollow();
    }
  };
}
