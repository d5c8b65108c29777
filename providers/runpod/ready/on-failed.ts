import { setTimeout as sleep } from "node:timers/promises";
import type { RunPodApi } from "../api.ts";
import { isRefusal } from "../errors.ts";
import { reasonOf } from "../hook-values.ts";

/** What may become of a pod whose endpoint does not get ready. */
export const onFailedActions = ["stop", "terminate", "keep"] as const;
export type OnFailed = (typeof onFailedActions)[number];

export interface FailedPod {
  podId: string;
  /** USD per hour for the whole pod. */
  costPerHour: number;
  /** Whether it runs, as far as is known. */
  is: "running" | "stopped" | "gone";
}

/**
 * Stops, terminates or keeps the pod. Never throws: what could not be done is said.
 * @param pausesMs waits before RunPod is asked once more, in milliseconds
 * @returns a sentence that says what was done, what it costs, and how to go on
 */
export async function settleFailedPod(
  api: Pick<RunPodApi, "findPod" | "stopPod" | "terminatePod">,
  { podId, costPerHour, is }: FailedPod,
  onFailed: OnFailed,
  pausesMs: readonly number[],
): Promise<string> {
  const cost = `${Number(costPerHour.toFixed(4))} USD per hour`;
  const failed = (done: string, error: unknown) =>
    `pod ${podId} could not be ${done} (${reasonOf(error)}): it may still run and cost ${cost}; run pulumi destroy, or end it in RunPod's console`;

  if (is === "gone") return `it costs nothing any more; the next pulumi up rents another pod`;
  if (onFailed === "terminate") {
    const error = await persist(() => api.terminatePod(podId), pausesMs);
    if (error !== undefined) return failed("terminated", error);
    return `pod ${podId} was terminated and costs nothing any more; the next pulumi up rents another one`;
  }
  if (is === "stopped") return `it costs only its storage; the next pulumi up starts it again`;
  if (onFailed === "keep") {
    return `pod ${podId} was kept: it runs on and costs ${cost}; look at its log, then mend the app and run pulumi up, or pulumi destroy`;
  }
  const error = await persist(() => api.stopPod(podId), pausesMs);
  if (error === undefined || (await isStopped(api, podId))) {
    return `pod ${podId} was stopped, so it costs only its storage; the next pulumi up starts it again`;
  }
  return failed("stopped", error);
}

/** Stopping twice does no harm, so what RunPod did not answer is asked for again; undefined when it was done. */
async function persist(act: () => Promise<void>, pausesMs: readonly number[]): Promise<unknown> {
  for (const pauseMs of [...pausesMs, undefined]) {
    try {
      await act();
      return undefined;
    } catch (error) {
      if (pauseMs === undefined || !isRefusal(error, "transient")) return error;
      await sleep(pauseMs);
    }
  }
  return undefined;
}

/** An answer may be lost although it was done. */
async function isStopped(api: Pick<RunPodApi, "findPod">, podId: string): Promise<boolean> {
  const pod = await api.findPod(podId).catch(() => "unknown" as const);
  return pod === undefined || (pod !== "unknown" && pod.desiredStatus === "EXITED");
}
