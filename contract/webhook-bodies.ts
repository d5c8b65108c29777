import { z } from "zod";
import { job } from "./api-bodies.ts";

/** What a webhook is told, and what the API tells of its deliveries. */

export const webhookEventTypes = ["job.completed", "job.failed", "job.canceled"] as const;

/** Body of the request that a webhook gets when a job has ended, signed as Standard Webhooks has it. */
export const webhookEvent = z.object({
  type: z.enum(webhookEventTypes),
  /** When the job ended, ISO 8601 in UTC. */
  timestamp: z.string(),
  /** The job as `GET /jobs/:id` shows it. */
  data: job,
});
export type WebhookEvent = z.output<typeof webhookEvent>;

export const delivery = z.object({
  /** `webhook-id` of the request: the same for every attempt, and when the event is sent again. */
  delivery_id: z.string(),
  /** Where it goes, without its query. */
  url: z.string(),
  state: z.enum(["pending", "delivered", "failed"]),
  attempts: z.int(),
  /** When it is sent next, ISO 8601 in UTC; null when it is not. */
  next_attempt_at: z.string().nullable(),
  /** Why the latest attempt failed. */
  error: z.string().nullable(),
  created_at: z.string(),
});
export type Delivery = z.output<typeof delivery>;

export const deliveryList = z.object({ items: z.array(delivery) });
