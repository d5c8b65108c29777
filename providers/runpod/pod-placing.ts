import { UserError } from "../../contract/errors.ts";
import type { Pod, Rung, RunPodApi } from "./api.ts";
import { isRefusal, type RunPodError } from "./errors.ts";
import { placementLadder } from "./placement.ts";
import { jobOf, type PodInputs, requirementsOf } from "./pod-inputs.ts";

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

export interface Placed {
  pod: Pod;
  tried: TriedRung[];
}

// Each refusal costs a request; past these the stock list was wrong, and waiting helps more than asking on.
const mostRungs = 12;

/**
 * The pod of that name: an existing one is adopted, otherwise the cheapest place that takes it is rented.
 * @param excluded pods that are to be replaced, and so are not to be found again
 * @throws {UserError} when no place takes it; a RunPodError "transient" when it is not known whether a pod was created
 */
export async function obtainPod(
  api: RunPodApi,
  name: string,
  inputs: PodInputs,
  excluded: ReadonlySet<string>,
): Promise<Placed> {
  const existing = await adopt(api, name, excluded);
  if (existing !== undefined) return { pod: existing, tried: [] };

  const [gpuTypes, dataCenters] = await Promise.all([api.gpuTypes(), api.dataCenters(inputs.gpuCount)]);
  const rungs = placementLadder(requirementsOf(inputs), gpuTypes, dataCenters).slice(0, mostRungs);
  const tried: TriedRung[] = [];
  for (const rung of rungs) {
    try {
      const pod = await api.createPod(podRequest(name, inputs, rung));
      return { pod, tried: [...tried, triedRung(rung, null)] };
    } catch (error) {
      if (isRefusal(error, "transient")) {
        return { pod: await createdAfterAll(api, name, excluded, error), tried: [...tried, triedRung(rung, null)] };
      }
      if (!isRefusal(error, "capacity")) throw error;
      tried.push(triedRung(rung, error.message));
    }
  }
  throw new UserError(
    `no place took the pod; tried:\n${tried.map(rungLine).join("\n")}\nadd regions or GPU types, or try again later`,
  );
}

/** The request may have worked although its answer was lost; RunPod's list shows a new pod after some moments. */
async function createdAfterAll(
  api: RunPodApi,
  name: string,
  excluded: ReadonlySet<string>,
  lost: RunPodError,
): Promise<Pod> {
  for (const delay of [0, 1000, 2000, 4000]) {
    await new Promise((resolve) => setTimeout(resolve, delay));
    const pod = await adopt(api, name, excluded);
    if (pod !== undefined) return pod;
  }
  throw lost;
}

/** The pod of that name, if there is one; doubles, which only a lost answer leaves, are removed. */
async function adopt(api: RunPodApi, name: string, excluded: ReadonlySet<string>): Promise<Pod | undefined> {
  const [pod, ...doubles] = (await api.listPods()).filter((one) => one.name === name && !excluded.has(one.id));
  await Promise.all(doubles.map((double) => api.terminatePod(double.id)));
  return pod;
}

function podRequest(name: string, inputs: PodInputs, rung: Rung) {
  const { gpuCount, minRamPerGpuGb, networkVolumeId } = inputs;
  const minMemoryGb = minRamPerGpuGb === undefined ? undefined : minRamPerGpuGb * gpuCount;
  return { ...jobOf(inputs), ...rung, name, gpuCount, minMemoryGb, networkVolumeId };
}

function triedRung(rung: Rung, refusal: string | null): TriedRung {
  const { cloud, spot, gpuLabel, dataCenter, pricePerHour } = rung;
  return { cloud, spot, gpu: gpuLabel, dataCenter, pricePerHour, refusal };
}

function rungLine({ cloud, spot, gpu, dataCenter, pricePerHour, refusal }: TriedRung): string {
  return `  ${cloud}${spot ? " spot" : ""} ${gpu} in ${dataCenter} at ${pricePerHour.toFixed(2)} USD/h: ${refusal ?? "taken"}`;
}
