import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../contract/errors.ts";
import type { NetworkVolume, Pod, PodRequest, RegistryAuth, RunPodApi } from "../api/api.ts";
import { isRefusal } from "../api/errors.ts";
import { persist } from "../api/lost-answers.ts";
import { terminate } from "../pod/changes.ts";
import { engineGone, exitAfterEngine } from "./engine-alive.ts";

/**
 * RunPod as a hook may use it. A provider process outlives an engine that was killed, and what it does then is recorded
 * nowhere and may undo what a later run has done: so it changes nothing any more, and gives back what it had just asked
 * for.
 */
export function whileEngineLives(api: RunPodApi): RunPodApi {
  return {
    ...api,
    createPod: (request) => createForEngine(podOf(api, request)),
    editPod: (...args) => unlessGone(() => api.editPod(...args)),
    resumePod: (...args) => unlessGone(() => api.resumePod(...args)),
    stopPod: (...args) => unlessGone(() => api.stopPod(...args)),
    terminatePod: (...args) => unlessGone(() => api.terminatePod(...args)),
    createNetworkVolume: (...args) => createForEngine(volumeOf(api, () => api.createNetworkVolume(...args))),
    updateNetworkVolume: (...args) => unlessGone(() => api.updateNetworkVolume(...args)),
    deleteNetworkVolume: (...args) => unlessGone(() => api.deleteNetworkVolume(...args)),
    createRegistryAuth: (...args) => createForEngine(authOf(api, () => api.createRegistryAuth(...args))),
    updateRegistryAuth: (...args) => unlessGone(() => api.updateRegistryAuth(...args)),
    deleteRegistryAuth: (...args) => unlessGone(() => api.deleteRegistryAuth(...args)),
  };
}

async function unlessGone<T>(send: () => Promise<T>): Promise<T> {
  await assertEngine();
  return send();
}

/** Something that is asked for, and how it is given back. */
interface Creation<T> {
  noun: string;
  create: () => Promise<T>;
  /** What a request made whose answer was lost; undefined when nothing tells it from what a later run made. */
  lost: () => Promise<T | undefined>;
  remove: (made: T) => Promise<void>;
}

async function createForEngine<T extends { id: string }>({ noun, create, lost, remove }: Creation<T>): Promise<T> {
  await assertEngine();
  let made: T | undefined;
  try {
    made = await create();
    if (!(await engineGone())) return made;
  } catch (error) {
    if (!isRefusal(error, "transient") || !(await engineGone())) throw error;
    made = await lost();
  }
  exitAfterEngine();
  if (made === undefined) throw new UserError(gone);
  await remove(made);
  throw new UserError(`the Pulumi engine is gone; ${noun} ${made.id}, which it had asked for, was removed`);
}

/** Names a request in the pod's environment: by name alone, it might be the pod of a later run. */
const rentalVariable = "COMFY_ENDPOINTS_RENTAL";

/** Waits before RunPod's list is asked for a pod whose request was not answered, in milliseconds. */
const lookAgainMs = [0, 1000, 2000, 4000];

function podOf(api: RunPodApi, request: PodRequest): Creation<Pod> {
  const rental = randomUUID();
  return {
    noun: "pod",
    create: () => api.createPod({ ...request, env: { ...request.env, [rentalVariable]: rental } }),
    lost: () => rented(api, rental),
    remove: ({ id }) => terminate(api, id),
  };
}

/** A volume that a later run has given to a pod already may hold data, and stays. */
const volumeOf = (api: RunPodApi, create: () => Promise<NetworkVolume>): Creation<NetworkVolume> => ({
  noun: "network volume",
  create,
  lost: () => Promise.resolve(undefined),
  remove: async ({ id }) => {
    const isAttached = (await api.listPods()).some(({ networkVolumeId }) => networkVolumeId === id);
    if (isAttached) throw new UserError(`${gone}; network volume ${id}, which it had asked for, has a pod by now`);
    await persist(
      () => api.deleteNetworkVolume(id),
      async () => (await api.listNetworkVolumes()).every((volume) => volume.id !== id),
    );
  },
});

const authOf = (api: RunPodApi, create: () => Promise<RegistryAuth>): Creation<RegistryAuth> => ({
  noun: "registry credential",
  create,
  lost: () => Promise.resolve(undefined),
  remove: ({ id }) =>
    persist(
      () => api.deleteRegistryAuth(id),
      async () => (await api.listRegistryAuths()).every((auth) => auth.id !== id),
    ),
});

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
