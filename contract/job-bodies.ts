import { z } from "zod";
import { job } from "./api-bodies.ts";
import { jobStates } from "./job-states.ts";

/** What the routes of jobs take in their queries, and what they give beside the job itself. */

// Proxies before the endpoint give up after 100 s.
const wait = z
  .string()
  .regex(/^([0-9]|[1-8][0-9]|90)$/, "give whole seconds from 0 to 90")
  .optional()
  .describe("Holds the answer until the job has ended, at most so many seconds");

/** `POST /run`. */
export const runQuery = z.strictObject({
  wait,
  priority: z
    .string()
    .regex(/^-?([0-9]|[1-9][0-9]|100)$/, "give a whole number from -100 to 100")
    .optional()
    .describe("-100 to 100, the higher the sooner; 0 when nothing is said"),
  webhook: z.string().optional().describe("https address that is told, by a signed request, when the job has ended"),
});

/** `GET /jobs/:id`. */
export const jobQuery = z.strictObject({
  wait,
});

const instant = z.iso
  .datetime({ offset: true, error: "give a time such as 2026-01-31T12:00:00Z (write + as %2B)" })
  .optional();

/** `GET /jobs`. */
export const jobListQuery = z.strictObject({
  state: z
    .string()
    .refine(
      (text) => text.split(",").every((state) => jobStates.some((known) => known === state)),
      `give states of ${jobStates.join(", ")}, with commas between`,
    )
    .optional()
    .describe(`One state or several, with commas between: ${jobStates.join(", ")}`),
  created_after: instant,
  created_before: instant,
  limit: z
    .string()
    .regex(/^([1-9]|[1-9][0-9]|1[0-9][0-9]|200)$/, "give a whole number from 1 to 200")
    .optional()
    .describe("1 to 200; 50 when nothing is said"),
  cursor: z
    .string()
    .regex(/^\d{1,15}-\d{1,15}$/, "give the next_cursor of the page before, as it is")
    .optional()
    .describe("next_cursor of the page before"),
});

/** A job in a list: without `output`, which may be large; `GET /jobs/:id` has it. */
export const jobSummary = job.omit({ output: true });
export type JobSummary = z.output<typeof jobSummary>;

export const jobList = z.object({ items: z.array(jobSummary), next_cursor: z.string().nullable() });

/** `GET /jobs/:id/events`. */
export const jobEventsQuery = z.strictObject({
  last_event_id: z
    .string()
    .regex(/^\d{1,15}$/, "give the id of an event")
    .optional()
    .describe("Id of the last event that was seen; in place of the header, for whoever cannot set one"),
});
