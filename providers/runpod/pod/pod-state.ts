import type { Cloud, Pod } from "../api/api.ts";
import type { TriedRung } from "../placement/pod-placing.ts";
import { jobOf, parsePodInputs } from "./pod-inputs.ts";
import type { FormerJob } from "./reconcile.ts";

/** Inputs and outputs as Pulumi keeps them. */
export type Properties = Record<string, unknown>;

/** What a pod's resource keeps beside its inputs. */
export interface PodState {
  /** null until RunPod has answered. */
  podId: string | null;
  /** Of the inputs that the pod was created with: a part of its name, which cannot be edited later. */
  generation: string;
  /** `complete`, or `incomplete` with the reason: the next `up` goes on from there. */
  phase: "complete" | "incomplete";
  reason: string | null;
  /** Changes whenever the container was started anew. */
  revision: string;
  endpointUrl: string | null;
  /** RunPod's desired status when last looked at. */
  status: Pod["desiredStatus"] | null;
  cloud: Cloud | null;
  gpuType: string | null;
  dataCenter: string | null;
  spot: boolean | null;
  /** USD per hour for the whole pod. */
  costPerHour: number | null;
  placement: TriedRung[];
  /** Ids of the pods that this one replaces: each serves until the engine deletes it, which may be in a later run. */
  replaced: string[];
}

export const podStateOf = (properties: Properties): PodState => properties as unknown as PodState;

/** The state to start from: what the last deployment left, or nothing. */
export function startState(generation: string, former: Properties): PodState {
  const empty: PodState = {
    podId: null,
    generation,
    phase: "incomplete",
    reason: null,
    revision: "",
    endpointUrl: null,
    status: null,
    cloud: null,
    gpuType: null,
    dataCenter: null,
    spot: null,
    costPerHour: null,
    placement: [],
    replaced: [],
  };
  const kept = Object.entries(former).filter(([key, value]) => key in empty && value !== undefined);
  return { ...empty, ...(Object.fromEntries(kept) as Partial<PodState>) };
}

/** What RunPod says about a pod, as outputs. */
export function observed(
  pod: Pod,
): Pick<PodState, "status" | "cloud" | "gpuType" | "dataCenter" | "spot" | "costPerHour"> {
  return {
    status: pod.desiredStatus,
    cloud: pod.cloud ?? null,
    gpuType: pod.gpuType ?? null,
    dataCenter: pod.dataCenter ?? null,
    spot: pod.spot,
    costPerHour: pod.costPerHour,
  };
}

/** The job as the pod runs it now; of its environment only what the deployment had set. */
export function observedJob(pod: Pod, properties: Properties): Properties {
  const inputs = parsePodInputs(properties);
  const env = Object.fromEntries(Object.entries(pod.env).filter(([name]) => name in inputs.env));
  const samePorts = [...pod.ports].sort().join() === [...inputs.ports].sort().join();
  const volumeGb = pod.networkVolumeId === undefined ? { volumeGb: pod.volumeGb } : {};
  const { image, containerDiskGb } = pod;
  return { image, env, containerDiskGb, ...volumeGb, ports: samePorts ? inputs.ports : pod.ports };
}

/** undefined before the first deployment. */
export function formerJob(olds: Properties): FormerJob | undefined {
  return Object.keys(olds).length === 0 ? undefined : jobOf(parsePodInputs(olds));
}

export function nextRevision(podId: string, revision: string): string {
  const [lastPod, count] = revision.split(":");
  return lastPod === podId ? `${podId}:${Number(count) + 1}` : `${podId}:1`;
}
