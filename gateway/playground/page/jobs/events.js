/** A job's events as they come, over as many connections as it takes. */

/** @import { Job, JobProgress } from "../../../../contract/api.ts" */
/** @import { PreviewEvent, StateEvent } from "../../../../contract/job-events.ts" */
/** @import { Api } from "../common/api.js" */
/** @import { StreamEvent } from "./event-reader.js" */

import { ApiError } from "../common/api.js";
import { createEventReader } from "./event-reader.js";

/**
 * @typedef {object} Follower
 * @property {(event: StateEvent) => void} state
 * @property {(progress: JobProgress) => void} progress
 * @property {(preview: PreviewEvent) => void} preview
 * @property {(isConnected: boolean) => void} connected
 */

/**
 * Tells a follower what happens to a job until it has ended or the signal comes. Proxies cut streams: each is taken up
 * after the last event that came.
 * @param {Api} api
 * @param {string} id
 * @param {Follower} follower
 * @param {AbortSignal} signal
 * @returns {Promise<Job>} the job at its end
 */
export async function follow(api, id, follower, signal) {
  let last = "";
  for (let failures = 0; ; ) {
    try {
      /** @type {Record<string, string>} */
      const headers = last === "" ? {} : { "last-event-id": last };
      const response = await api.ask(`jobs/${encodeURIComponent(id)}/events`, { headers, signal });
      follower.connected(true);
      failures = 0;
      const read = createEventReader();
      for await (const chunk of chunksOf(response)) {
        for (const event of read(chunk)) {
          if (event.id !== "") last = event.id;
          tell(follower, event);
        }
      }
      /** @type {Job} */
      const job = await api.json(`jobs/${encodeURIComponent(id)}`, { signal });
      if (job.finished_at !== null) return job;
    } catch (error) {
      if (signal.aborted || !api.isPassing(error)) throw error;
      follower.connected(false);
      failures += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 500 * 2 ** failures)));
    signal.throwIfAborted();
  }
}

/** @param {Follower} follower @param {StreamEvent} event */
function tell(follower, { type, data }) {
  if (type === "state") follower.state(JSON.parse(data));
  else if (type === "progress") follower.progress(JSON.parse(data));
  else if (type === "preview") follower.preview(JSON.parse(data));
}

/** @param {Response} response @throws {ApiError} when the connection breaks */
async function* chunksOf({ body }) {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read().catch(() => {
      throw new ApiError(0, {});
    });
    if (done) return;
    yield value;
  }
}
