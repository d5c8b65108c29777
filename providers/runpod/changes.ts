import { setTimeout as sleep } from "node:timers/promises";
import type { Pod, RunPodApi } from "./api.ts";
import { isRefusal } from "./errors.ts";

// RunPod stumbles for seconds, not for minutes; who needs longer runs `up` again.
const retryDelaysMs = [500, 2000];

/**
 * Sends a change to a pod. When the answer is lost, the pod itself tells whether it happened; what did not is asked for
 * again: nothing here does harm when it is done twice.
 * @param done whether the pod has changed; undefined stands for a pod that is gone
 */
export async function change(
  api: RunPodApi,
  podId: string,
  send: () => Promise<void>,
  done: (pod: Pod | undefined) => boolean,
): Promise<void> {
  for (const delay of retryDelaysMs) {
    try {
      await send();
      return;
    } catch (error) {
      if (!isRefusal(error, "transient")) throw error;
      await sleep(delay);
      if (done(await api.findPod(podId))) return;
    }
  }
  await send();
}

/** A pod that is gone already counts as terminated. */
export const terminate = (api: RunPodApi, podId: string): Promise<void> =>
  change(
    api,
    podId,
    () => api.terminatePod(podId),
    (pod) => pod === undefined,
  );
