import { setTimeout as sleep } from "node:timers/promises";
import { type Log, messageOf } from "../log.ts";
import type { GatewaySettings } from "../settings.ts";
import { loadOwnPod } from "./own-pod.ts";

/** USD for an hour of the whole pod; undefined when RunPod does not say. */
export type AskPrice = () => Promise<number | undefined>;

export interface PriceOptions {
  /** null outside RunPod, where there is nobody to ask. */
  ask: AskPrice | null;
  log: Log;
  /** How often: the bid of a spot pod may change. */
  everyMs?: number;
  /** Wait after a first failure, doubled from failure to failure. */
  againMs?: number;
}

/** What the pod costs. Nobody waits for it: until RunPod has answered, it is not known. */
export interface PodPrice {
  /** USD for an hour of the whole pod. */
  perHour: () => number | undefined;
  /** Asks from now on, in the background. */
  start(): void;
  stop(): void;
}

export function createPodPrice({ ask, log, everyMs = 3_600_000, againMs = 30_000 }: PriceOptions): PodPrice {
  const stopping = new AbortController();
  const { signal } = stopping;
  let price: number | undefined;

  const keepAsking = async (ask: AskPrice): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        price = await ask();
        failures = 0;
      } catch (error) {
        failures++;
        log.warn("the pod's price is not known", { error: messageOf(error) });
      }
      const pause = failures === 0 ? everyMs : Math.min(everyMs, againMs * 2 ** (failures - 1));
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };

  return {
    perHour: () => price,
    start: () => {
      if (ask !== null) void keepAsking(ask);
    },
    stop: () => stopping.abort(),
  };
}

export const askRunPod =
  (pod: NonNullable<GatewaySettings["pod"]>): AskPrice =>
  async () =>
    (await loadOwnPod(pod)).costPerHour();
