import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../contract/errors.ts";
import type { Pod, PodRequest, Rung, RunPodApi } from "../api/api.ts";
import { isRefusal } from "../api/errors.ts";
import { terminate } from "../pod/changes.ts";
import { jobOf, type PodInputs } from "../pod/pod-inputs.ts";
import { hasMark } from "../pod/pod-name.ts";
import { podRun } from "../pod/pod-run.ts";
import { profileName } from "./deploy-profiles.ts";
import { askMarket } from "./market.ts";
import { placementLadder } from "./placement.ts";
import { requirementsFor } from "./pod-requirements.ts";

/** One place that was asked for a pod. */
export interface TriedRung {
  cloud: string;
  spot: boolean;
  gpu: string;
  dataCenter: string;
  /** USD per hour for the whole pod. */
  pricePerHour: number;
  /** RunPod's answer when it refused, else null. */
  refusal: string | null;
}

export interface Obtained {
  pod: Pod;
  tried: TriedRung[];
}

/**
 * The pod to use: the one to adopt, the one of that name, or a new one on the cheapest terms that are granted.
 * @throws {UserError} when no place takes it; a RunPodError "transient" when it is not known whether a pod was created
 */
export async function obtainPod(api: RunPodApi, name: string, inputs: PodInputs): Promise<Obtained> {
  const existing = (await adopted(api, inputs.adoptPodId)) ?? (await findByName(api, name));
  if (existing !== undefined) return { pod: existing, tried: [] };

  const tried: TriedRung[] = [];
  for (const rung of await rungs(api, inputs)) {
    try {
      const pod = await rent(api, podRequest(name, inputs, rung));
      return { pod, tried: [...tried, triedRung(rung, null)] };
    } catch (error) {
      if (!isRefusal(error, "capacity")) throw error;
      tried.push(triedRung(rung, error.message));
    }
  }
  const { minRamPerGpuGb } = inputs;
  const memory = minRamPerGpuGb === undefined ? "" : `, each with ${minRamPerGpuGb} GB of memory for a GPU`;
  throw new UserError(
    `no place took the pod; tried${memory}:\n${tried.map(rungLine).join("\n")}\nadd regions or GPU types, or try again later`,
  );
}

/**
 * Removes every pod of that resource but the given one and those that it replaces: what interrupted runs left.
 * @param replaced ids, as known from runs before
 * @returns ids of the pods that the engine will delete
 */
export async function removeStrays(
  api: RunPodApi,
  mark: string,
  keptPodId: string,
  replaced: readonly string[],
): Promise<string[]> {
  const others = (await api.listPods()).filter(({ id, name }) => id !== keptPodId && hasMark(name, mark));
  const isReplaced = ({ id }: Pod): boolean => podRun.isDoomed(id) || replaced.includes(id);
  await Promise.all(others.filter((pod) => !isReplaced(pod)).map(({ id }) => terminate(api, id)));
  return others.filter(isReplaced).map(({ id }) => id);
}

async function adopted(api: RunPodApi, podId: string | undefined): Promise<Pod | undefined> {
  if (podId === undefined || podRun.isDoomed(podId)) return undefined;
  const pod = await api.findPod(podId);
  if (pod !== undefined) return pod;
  throw new UserError(`"adoptPodId" is "${podId}", but the account has no such pod; leave it away to get a new one`);
}

/** Among pods of one name, which only a lost answer leaves, one that runs. */
async function findByName(api: RunPodApi, name: string): Promise<Pod | undefined> {
  const pods = (await api.listPods()).filter((pod) => pod.name === name && !podRun.isDoomed(pod.id));
  return pods.find((pod) => pod.desiredStatus === "RUNNING") ?? pods[0];
}

/** Each profile gets its turns, however many places are said to be free on cheaper terms. */
async function rungs(api: RunPodApi, inputs: PodInputs): Promise<Rung[]> {
  const { gpuTypes, dataCenters } = await askMarket(api, inputs.gpuCount);
  const turns = new Map<string, number>();
  return placementLadder(await requirementsFor(api, inputs), gpuTypes, dataCenters).filter((rung) => {
    const turn = (turns.get(profileName(rung)) ?? 0) + 1;
    turns.set(profileName(rung), turn);
    return turn <= inputs.attemptsPerProfile;
  });
}

/** A request whose answer is lost may have worked: it is repeated only when its pod does not show up. */
async function rent(api: RunPodApi, request: PodRequest): Promise<Pod> {
  try {
    return await api.createPod(request);
  } catch (error) {
    if (!isRefusal(error, "transient")) throw error;
    const late = await showsUp(api, request.name);
    if (late !== undefined) return late;
    console.warn(`${error.message}; asking once more`);
    return api.createPod(request);
  }
}

/** RunPod's list shows a new pod after some moments. */
async function showsUp(api: RunPodApi, name: string): Promise<Pod | undefined> {
  for (const delay of [0, 1000, 2000, 4000]) {
    await sleep(delay);
    const pod = await findByName(api, name);
    if (pod !== undefined) return pod;
  }
  return undefined;
}

function podRequest(name: string, inputs: PodInputs, rung: Rung): PodRequest {
  const { gpuCount, minRamPerGpuGb, networkVolumeId, stopAfterSeconds, terminateAfterSeconds } = inputs;
  return {
    ...jobOf(inputs),
    ...rung,
    name,
    gpuCount,
    minMemoryGb: minRamPerGpuGb === undefined ? undefined : minRamPerGpuGb * gpuCount,
    networkVolumeId,
    stopAfter: afterNow(stopAfterSeconds),
    terminateAfter: afterNow(terminateAfterSeconds),
  };
}

const afterNow = (seconds: number | undefined): Date | undefined =>
  seconds === undefined ? undefined : new Date(Date.now() + seconds * 1000);

function triedRung(rung: Rung, refusal: string | null): TriedRung {
  const { cloud, spot, gpuLabel, dataCenter, pricePerHour } = rung;
  return { cloud, spot, gpu: gpuLabel, dataCenter, pricePerHour, refusal };
}

function rungLine({ cloud, spot, gpu, dataCenter, pricePerHour, refusal }: TriedRung): string {
  return `  ${cloud}${spot ? " spot" : ""} ${gpu} in ${dataCenter} at ${pricePerHour.toFixed(2)} USD/h: ${refusal ?? "taken"}`;
}
