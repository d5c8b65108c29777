import type { Database } from "../db.ts";
import type { CheckWebhook } from "../jobs/requests/webhook-url.ts";
import type { JobView } from "../jobs/view.ts";
import type { Log } from "../log.ts";
import type { Reach } from "../net/guarded-fetch.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createSender } from "./sender.ts";
import { postWithin, webhookCheck } from "./target.ts";

export interface WebhooksOptions {
  database: Database;
  jobs: Pick<JobView, "byId">;
  /** null: nothing is sent. */
  secret: Buffer | null;
  /** Where receivers may be. */
  reach: Reach;
  log: Log;
}

export interface Webhooks {
  outbox: Outbox;
  /** Whether webhooks are sent. */
  enabled: boolean;
  /** Of a run that asks for one. */
  check: CheckWebhook;
  start(): void;
  stop(): Promise<void>;
}

/** The outbox and whoever empties it. */
export function createWebhooks({ database, jobs, secret, reach, log }: WebhooksOptions): Webhooks {
  const outbox = createOutbox(database);
  const check = webhookCheck(secret !== null, reach);
  if (secret === null) {
    return { outbox, check, enabled: false, start: () => undefined, stop: () => Promise.resolve() };
  }
  const sender = createSender({ outbox, job: (id) => jobs.byId(id), secret, post: postWithin(reach), log });
  // A delivery is written with its job's end, by whoever ends it.
  database.onCommit(() => sender.wake());
  return { outbox, check, enabled: true, start: () => sender.start(), stop: () => sender.stop() };
}
