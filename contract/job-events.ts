import { z } from "zod";
import { job } from "./api-bodies.ts";
import { jobStates } from "./job-states.ts";

/** What the events of `GET /jobs/:id/events` hold, as JSON in one line of data. */

/**
 * Of `state`: the job has another state. Events of this kind have an id, and are sent to whoever missed
 * them. So are those of `progress`, whose data is a job's `progress`: at most four a second, and none is left when the job
 * has ended.
 */
export const stateEvent = z.object({
  job_id: z.string(),
  state: z.enum(jobStates),
  /** When it came to that state, ISO 8601 in UTC. */
  at: z.string(),
  /** Of the last event alone: the job as `GET /jobs/:id` shows it. */
  job: job.optional(),
});
export type StateEvent = z.output<typeof stateEvent>;

/** Of `preview`: what the picture looks like so far. It has no id, for it is not kept. */
export const previewEvent = z.object({
  node: z.string().nullable(),
  media_type: z.string(),
  /** The picture in base64. */
  data: z.string(),
});
export type PreviewEvent = z.output<typeof previewEvent>;
