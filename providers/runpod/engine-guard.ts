import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../contract/errors.ts";
import type { Pod, PodRequest, RunPodApi } from "./api.ts";
import { terminate } from "./changes.ts";
import { engineGone, exitAfterEngine } from "./engine-alive.ts";
import { isRefusal } from "./errors.ts";

/**
 * RunPod as a hook may use it. A provider process outlives an engine that was killed, and what it does then is recorded
 * nowhere and may undo what a later run has done: so it changes nothing any more, and gives back the pod that it had just
 * asked for.
 */
export function whileEngineLives(api: RunPodApi): RunPodApi {
  return {
    ...api,
    createPod: async (request) => {
      await assertEngine();
      return createForEngine(api, request);
    },
    editPod: (...args) => unlessGone(() => api.editPod(...args)),
    resumePod: (...args) => unlessGone(() => api.resumePod(...args)),
    stopPod: (...args) => unlessGone(() => api.stopPod(...args)),
    terminatePod: (...args) => unlessGone(() => api.terminatePod(...args)),
    createNetworkVolume: (...args) => unlessGone(() => api.createNetworkVolume(...args)),
    updateNetworkVolume: (...args) => unlessGone(() => api.updateNetworkVolume(...args)),
    deleteNetworkVolume: (...args) => unlessGone(() => api.deleteNetworkVolume(...args)),
    createRegistryAuth: (...args) => unlessGone(() => api.createRegistryAuth(...args)),
    updateRegistryAuth: (...args) => unlessGone(() => api.updateRegistryAuth(...args)),
    deleteRegistryAuth: (...args) => unlessGone(() => api.deleteRegistryAuth(...args)),
  };
}

async function unlessGone<T>(send: () => Promise<T>): Promise<T> {
  await assertEngine();
  return send();
}

/** Names a request in the pod's environment: by name alone, it might be the pod of a later run. */
const rentalVariable = "COMFY_ENDPOINTS_RENTAL";

/** Waits before RunPod's list is asked for a pod whose request was not answered, in milliseconds. */
const lookAgainMs = [0, 1000, 2000, 4000];

async function createForEngine(api: RunPodApi, request: PodRequest): Promise<Pod> {
  const rental = randomUUID();
  let pod: Pod | undefined;
  try {
    pod = await api.createPod({ ...request, env: { ...request.env, [rentalVariable]: rental } });
    if (!(await engineGone())) return pod;
  } catch (error) {
    if (!isRefusal(error, "transient") || !(await engineGone())) throw error;
    pod = await rented(api, rental);
  }
  exitAfterEngine();
  if (pod === undefined) throw new UserError(gone);
  await terminate(api, pod.id);
  throw new UserError(`the Pulumi engine is gone; pod ${pod.id}, which it had asked for, was removed`);
}

async function rented(api: RunPodApi, rental: string): Promise<Pod | undefined> {
  for (const delay of lookAgainMs) {
    await sleep(delay);
    const pod = (await api.listPods()).find(({ env }) => env[rentalVariable] === rental);
    if (pod !== undefined) return pod;
  }
  return undefined;
}

const gone = "the Pulumi engine is gone; nothing more is changed";

async function assertEngine(): Promise<void> {
  if (!(await engineGone())) return;
  exitAfterEngine();
  throw new UserError(gone);
}
