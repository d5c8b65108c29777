import { setTimeout as sleep } from "node:timers/promises";
import type { RunPodApi } from "../api/api.ts";
import { createBootProgress } from "./boot-progress.ts";
import { lookAtHealth } from "./health.ts";
import { createPodWatch, type PodLoss } from "./pod-watch.ts";
import { createProgressLines, progressLine } from "./progress-lines.ts";

export interface Wait {
  endpointUrl: string;
  podId: string;
  readyTimeoutSeconds: number;
  /** The container was started anew just now, where another one had been ready. */
  restarted: boolean;
}

/** What the wait has around it. */
export interface WaitWorld {
  api: Pick<RunPodApi, "findPod">;
  log: (line: string) => void;
  warn: (line: string) => void;
  /** Why nobody waits for the endpoint any more; undefined as long as somebody does. */
  interruption: () => Promise<string | undefined>;
  /** Milliseconds; only differences count. */
  now: () => number;
  paces: WaitPaces;
}

/** Milliseconds. */
export interface WaitPaces {
  /** Between the first looks. Quick, for a warm pod is ready in seconds; the pauses grow, for models take minutes. */
  firstLook: number;
  slowestLook: number;
  /** How long the gateway is silent before RunPod is asked about the pod. */
  askPod: number;
  /** How long an answer must stand that may be the former container's. */
  stands: number;
}

export const usualPaces: WaitPaces = { firstLook: 200, slowestLook: 2000, askPod: 10_000, stands: 10_000 };

export type WaitOutcome =
  | { kind: "ready" }
  /** The boot cannot succeed. */
  | { kind: "failed"; reason: string }
  /** The boot came no further for as long as it may. */
  | { kind: "stuck"; reason: string }
  | { kind: "interrupted"; reason: string }
  | PodLoss;

/** Watches the boot from its first second, tells how far it is, and ends when the outcome is known. */
export async function waitUntilReady(wait: Wait, world: WaitWorld): Promise<WaitOutcome> {
  const { endpointUrl, podId, readyTimeoutSeconds, restarted } = wait;
  const { api, now, warn, paces } = world;
  const boot = createBootProgress({
    timeoutMs: readyTimeoutSeconds * 1000,
    standsMs: paces.stands,
    ...{ restarted, now },
  });
  const pod = createPodWatch({ api, podId, everyMs: paces.askPod, now, warn });
  const lines = createProgressLines(now);
  let last = "no gateway ever answered";

  for (let pause = paces.firstLook; ; pause = Math.min(pause * 1.2, paces.slowestLook)) {
    const { health, instead } = await lookAtHealth(endpointUrl);
    const verdict = boot.look(health);
    if (verdict === "ready") return { kind: "ready" };
    if (verdict === "failed") {
      const why = health?.detail ?? "the gateway does not say why";
      return { kind: "failed", reason: `the endpoint's boot failed at ${health?.phase ?? "an unknown phase"}: ${why}` };
    }
    if (health !== undefined) last = `last seen at ${progressLine(health)}`;
    if (verdict === "stuck") {
      const now = health === undefined ? `${last}, now ${instead}` : last;
      return { kind: "stuck", reason: `${endpointUrl} came no further for ${readyTimeoutSeconds} s (${now})` };
    }
    if (health !== undefined) pod.heard();
    const loss = health === undefined ? pod.silent() : undefined;
    if (loss !== undefined) return loss;

    const line = lines.next(health);
    if (line !== undefined) world.log(line);
    const interruption = await world.interruption();
    if (interruption !== undefined) return { kind: "interrupted", reason: interruption };
    await sleep(pause);
  }
}
