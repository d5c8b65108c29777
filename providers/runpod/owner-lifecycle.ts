import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunPodApi } from "./api/api.ts";
import { connect } from "./api/connection.ts";
import { isRefusal } from "./api/errors.ts";
import { reasonOf } from "./engine/hook-values.ts";
import { terminate } from "./pod/changes.ts";
import { isOwnersPod, isOwnersStorage } from "./pod/pod-name.ts";

/** Longer than a new pod takes to appear in RunPod's list. */
const listLagMs = 2000;

/** The Owner comes first in every deployment: a key that RunPod refuses is told here, before anything is created. */
export async function check(news: object, configKey: string | undefined) {
  const failures: { property: string; reason: string }[] = [];
  try {
    await connect(configKey).authenticate();
  } catch (error) {
    if (isRefusal(error, "transient")) console.warn(error.message);
    else failures.push({ property: "", reason: reasonOf(error) });
  }
  return { inputs: news, failures };
}

export function create(inputs: object) {
  const seed = randomBytes(16).toString("hex");
  return Promise.resolve({ id: `owner-${seed.slice(0, 8)}`, outs: { ...inputs, seed } });
}

/**
 * Removes every pod that was created under this seed, also those that no resource knows of: an engine that was killed
 * leaves them behind.
 */
export async function remove(properties: Record<string, unknown>, configKey: string | undefined): Promise<void> {
  const api = connect(configKey);
  const seed = String(properties["seed"]);
  for (const wait of [0, listLagMs]) {
    await sleep(wait);
    const pods = (await api.listPods()).filter((pod) => isOwnersPod(pod.name, seed));
    await Promise.all(pods.map((pod) => terminate(api, pod.id)));
  }
  await tellLeftStorage(api, seed);
}

/**
 * Nobody can tell whether a volume was left by a killed deployment or is retained on purpose, and data cannot be had back:
 * it is left, and told.
 */
async function tellLeftStorage(api: RunPodApi, seed: string): Promise<void> {
  try {
    const [volumes, auths] = await Promise.all([api.listNetworkVolumes(), api.listRegistryAuths()]);
    for (const { id, name, dataCenter, sizeGb } of volumes.filter((volume) => isOwnersStorage(volume.name, seed))) {
      console.warn(
        `network volume "${name}" (${id}, ${dataCenter}, ${sizeGb} GB) is still there and is billed; delete it in RunPod's console, unless it is to stay`,
      );
    }
    for (const { id, name } of auths.filter((auth) => isOwnersStorage(auth.name, seed))) {
      console.warn(
        `registry credential "${name}" (${id}) is still there; delete it in RunPod's console, unless it is to stay`,
      );
    }
  } catch (error) {
    if (!isRefusal(error, "transient")) throw error;
    console.warn(`${error.message}; whether network volumes were left was not checked`);
  }
}
