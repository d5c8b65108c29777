import type { Pod, RunPodApi } from "../api/api.ts";
import { persist } from "../api/lost-answers.ts";
import { reasonOf } from "../engine/hook-values.ts";

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
    const isGone = (): Promise<boolean> => isOver(api, podId, ["TERMINATED"]);
    const error = await failure(() => api.terminatePod(podId), isGone, pausesMs);
    if (error !== undefined) return failed("terminated", error);
    return `pod ${podId} was terminated and costs nothing any more; the next pulumi up rents another one`;
  }
  if (is === "stopped") return `it costs only its storage; the next pulumi up starts it again`;
  if (onFailed === "keep") {
    return `pod ${podId} was kept: it runs on and costs ${cost}; look at its log, then mend the app and run pulumi up, or pulumi destroy`;
  }
  const isStopped = (): Promise<boolean> => isOver(api, podId, ["EXITED", "TERMINATED"]);
  const error = await failure(() => api.stopPod(podId), isStopped, pausesMs);
  if (error !== undefined) return failed("stopped", error);
  return `pod ${podId} was stopped, so it costs only its storage; the next pulumi up starts it again`;
}

/** What went wrong; undefined when the pod is as wanted. */
const failure = (
  act: () => Promise<void>,
  isDone: () => Promise<boolean>,
  pausesMs: readonly number[],
): Promise<unknown> =>
  persist(act, isDone, pausesMs).then(
    () => undefined,
    (error: unknown) => error,
  );

/** Whether the pod is gone, or stopped; not known counts as no. */
async function isOver(
  api: Pick<RunPodApi, "findPod">,
  podId: string,
  over: readonly Pod["desiredStatus"][],
): Promise<boolean> {
  const pod = await api.findPod(podId).catch(() => "unknown" as const);
  return pod === undefined || (pod !== "unknown" && over.includes(pod.desiredStatus));
}
