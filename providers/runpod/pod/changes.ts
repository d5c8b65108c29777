import type { Pod, RunPodApi } from "../api/api.ts";
import { persist } from "../api/lost-answers.ts";

/**
 * Sends a change to a pod; when the answer is lost, the pod itself tells whether it happened.
 * @param done whether the pod has changed; undefined stands for a pod that is gone
 */
export const change = (
  api: RunPodApi,
  podId: string,
  send: () => Promise<void>,
  done: (pod: Pod | undefined) => boolean,
): Promise<void> => persist(send, async () => done(await api.findPod(podId)));

/** A pod that is gone already counts as terminated. */
export const terminate = (api: RunPodApi, podId: string): Promise<void> =>
  change(
    api,
    podId,
    () => api.terminatePod(podId),
    (pod) => pod === undefined,
  );
