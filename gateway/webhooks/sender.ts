import { setTimeout as sleep } from "node:timers/promises";
import { type Job, type WebhookEvent, webhookEventTypes } from "../../contract/api.ts";
import { errorFields, type Log, messageOf } from "../log.ts";
import { createSignal } from "../signal.ts";
import { type Answer, type AttemptOutcome, afterAttempt } from "./attempts.ts";
import type { DeliveryRecord, Outbox } from "./outbox.ts";
import { signedHeaders } from "./signature.ts";

export interface SenderOptions {
  outbox: Outbox;
  /** A job as the API shows it. */
  job: (id: string) => Promise<Job | undefined>;
  secrets: readonly Buffer[];
  /** Reaches only what webhooks may reach, and follows no redirect. */
  post: (url: string, init: { headers: Record<string, string>; body: string; signal: AbortSignal }) => Promise<Answer>;
  log: Log;
  timing?: Partial<Timing>;
}

interface Timing {
  /** Milliseconds since the epoch. */
  now: () => number;
  random: () => number;
  /** How long a receiver may take, in milliseconds. */
  answerMs: number;
}

/** Sends what is in the outbox, each delivery at least once; a receiver tells doubles by their `webhook-id`. */
export interface Sender {
  start(): void;
  /** Something was put into the outbox. */
  wake(): void;
  /** Ends at once; what is on its way is sent again after the next start. */
  stop(): Promise<void>;
}

const atOnce = 8;
const longestSleepMs = 60_000;
const faultPauseMs = 30_000;

export function createSender({ outbox, job, secrets, post, log, timing = {} }: SenderOptions): Sender {
  const { now, random, answerMs }: Timing = { now: Date.now, random: Math.random, answerMs: 15_000, ...timing };
  const stopping = new AbortController();
  const news = createSignal();
  const underWay = new Map<string, Promise<void>>();
  let loop: Promise<void> = Promise.resolve();
  const stopped = (): boolean => stopping.signal.aborted;

  const attempt = async (delivery: DeliveryRecord): Promise<AttemptOutcome> => {
    const ended = await job(delivery.jobId);
    if (ended === undefined) return { kind: "given-up", error: "the job is no longer known" };
    // The delivery was written with the job's end.
    const body = JSON.stringify(eventOf(ended, delivery.createdAt));
    const headers = {
      "content-type": "application/json",
      "user-agent": "comfy-endpoints-webhooks",
      ...signedHeaders(secrets, delivery.id, now(), body),
    };
    const timeout = AbortSignal.timeout(answerMs);
    const signal = AbortSignal.any([timeout, stopping.signal]);
    const answer = await post(delivery.url, { headers, body, signal }).catch((error: unknown) =>
      timeout.aborted ? `no answer within ${answerMs / 1000} s` : messageOf(error),
    );
    return afterAttempt(answer, delivery.attempts + 1, random());
  };

  const send = async (delivery: DeliveryRecord): Promise<void> => {
    const outcome = await attempt(delivery);
    // Broken off by us: not the receiver's fault, and no attempt.
    if (stopped() && outcome.kind !== "delivered") return;
    await outbox.attempted(delivery.id, outcome, now());
    const fields = { job_id: delivery.jobId, delivery_id: delivery.id, attempt: delivery.attempts + 1 };
    if (outcome.kind === "delivered") log.info("webhook delivered", fields);
    else log.warn("webhook not delivered", { ...fields, again: outcome.kind === "again", error: outcome.error });
  };

  const work = async (): Promise<void> => {
    const busy = new Set(underWay.keys());
    for (const delivery of await outbox.due(now(), atOnce - busy.size, busy)) {
      const sending = send(delivery)
        .catch(async (error: unknown) => {
          // The attempt could not be written down: the receiver must not be called again and again for that.
          log.error("webhook sender fault", errorFields(error));
          await sleep(faultPauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        })
        .finally(() => {
          underWay.delete(delivery.id);
          news.notify();
        });
      underWay.set(delivery.id, sending);
    }
    // With no hand free, the end of the next one wakes us.
    const nextAt = underWay.size < atOnce ? await outbox.nextAt(new Set(underWay.keys())) : undefined;
    const pause = nextAt === undefined ? longestSleepMs : Math.min(Math.max(nextAt - now(), 0), longestSleepMs);
    await news.wait(pause, stopping.signal);
  };

  return {
    start: () => {
      const keepWorking = async (): Promise<void> => {
        while (!stopped()) {
          try {
            await work();
          } catch (error) {
            log.error("webhook sender fault", errorFields(error));
            await news.wait(faultPauseMs, stopping.signal);
          }
        }
      };
      loop = keepWorking();
    },
    wake: () => news.notify(),
    stop: async () => {
      stopping.abort();
      await loop;
      await Promise.all(underWay.values());
    },
  };
}

function eventOf(data: Job, timestamp: string): WebhookEvent {
  const type = webhookEventTypes.find((each) => each === `job.${data.state}`);
  if (type === undefined) throw new Error(`job ${data.job_id} has a webhook event in state ${data.state}`);
  return { type, timestamp, data };
}
