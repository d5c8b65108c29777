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
  /** Without one nothing is sent. */
  secrets: readonly Buffer[];
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
  /** Something may be in the outbox: a delivery is written with its job's end, by whoever ends it. */
  wake(): void;
  stop(): Promise<void>;
}

/** The outbox and whoever empties it. */
export function createWebhooks({ database, jobs, secrets, reach, log }: WebhooksOptions): Webhooks {
  const outbox = createOutbox(database);
  const enabled = secrets.length > 0;
  const check = webhookCheck(enabled, reach);
  if (!enabled) {
    const nothing = (): void => undefined;
    return { outbox, check, enabled, start: nothing, wake: nothing, stop: () => Promise.resolve() };
  }
  const sender = createSender({ outbox, job: (id) => jobs.byId(id), secrets, post: postWithin(reach), log });
  return { outbox, check, enabled, ...sender };
}
