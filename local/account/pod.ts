import type { Cloud } from "../catalogue.ts";
import { refusals } from "./refusal.ts";

/** What podEditJob can change. */
export interface PodJob {
  imageName: string;
  dockerArgs: string;
  env: Record<string, string>;
  /** `8080/http`, `22/tcp` */
  ports: string[];
  containerDiskInGb: number;
  /** 0 for none, and with a network volume. */
  volumeInGb: number;
  volumeMountPath: string;
  containerRegistryAuthId: string | undefined;
}

export interface Pod {
  id: string;
  name: string;
  job: PodJob;
  cloud: Cloud;
  machineId: string;
  dataCenterId: string;
  gpuTypeId: string;
  gpuCount: number;
  vcpuCount: number;
  memoryInGb: number;
  networkVolumeId: string | undefined;
  /** USD per GPU per hour for a spot pod; undefined on demand. */
  bidPerGpu: number | undefined;
  /** USD per hour for the whole pod. */
  costPerHr: number;
  desiredStatus: "RUNNING" | "EXITED";
  lastStatusChange: string;
  createdAt: number;
  /** Milliseconds since the epoch. */
  lastStartedAt: number;
  lastStoppedAt: number | undefined;
  /** Number of the container: a report about an older one is out of date. */
  generation: number;
  /** Undefined while nothing runs: pulling, stopped, or between two runs. */
  container: RunningContainer | undefined;
}

export interface RunningContainer {
  startedAt: number;
  /** Port inside to port of this machine. */
  ports: Record<number, number>;
}

export type PodEvent =
  | { type: "container started"; generation: number; ports: Record<number, number> }
  | { type: "container ended"; generation: number }
  | { type: "image failed"; generation: number }
  | { type: "stop" }
  | { type: "resume"; freeGpus: number }
  | { type: "bid and resume"; freeGpus: number; bidPerGpu: number; lowestBid: number }
  | { type: "edit"; job: PodJob }
  | { type: "outbid" };

/**
 * What the host has to do: `run` a new container on a wiped disk, `stop` it and wipe the disk, `evict` it in the
 * 5 seconds that an outbid pod has, `remove` all that is left of the pod.
 */
export type HostOrder = "run" | "stop" | "evict" | "remove" | "none";

export interface Transition {
  pod: Pod;
  order: HostOrder;
}

/**
 * What becomes of a pod. Terminate is not here: nothing becomes of the pod.
 * @throws {Refusal} when RunPod would refuse
 */
export function transition(pod: Pod, event: PodEvent, now: number): Transition {
  switch (event.type) {
    case "container started":
      if (isOutdated(pod, event)) return unchanged(pod);
      return { pod: { ...pod, container: { startedAt: now, ports: event.ports } }, order: "none" };
    case "container ended":
      // The host starts it again by itself (seen live); RunPod's own record of the pod does not change.
      if (isOutdated(pod, event)) return unchanged(pod);
      return { pod: { ...pod, container: undefined }, order: "none" };
    case "image failed":
      if (isOutdated(pod, event)) return unchanged(pod);
      return { pod: exited(pod, "Exited by Runpod", now), order: "stop" };
    case "stop":
      // Stopping a stopped pod: not documented; taken for done.
      if (pod.desiredStatus === "EXITED") return unchanged(pod);
      return { pod: exited(pod, "Exited by user", now), order: "stop" };
    case "outbid":
      if (pod.desiredStatus === "EXITED") return unchanged(pod);
      return { pod: exited(pod, "Outbid", now), order: "evict" };
    case "edit":
      return edited(pod, event.job, now);
    case "resume":
      if (pod.bidPerGpu !== undefined) throw refusals.spotNeedsBid();
      return resumed(pod, event.freeGpus, now);
    case "bid and resume":
      if (pod.bidPerGpu === undefined) throw refusals.notSpot();
      if (event.bidPerGpu < event.lowestBid) throw refusals.noSpotInstances();
      return resumed(
        { ...pod, bidPerGpu: event.bidPerGpu, costPerHr: event.bidPerGpu * pod.gpuCount },
        event.freeGpus,
        now,
      );
  }
}

/** `Rented by User: Wed Jul 08 2026 01:13:03 GMT+0000 (Coordinated Universal Time)`, RunPod's way to write a moment. */
export function statusChange(what: string, now: number): string {
  const [weekday, day, month, year, time] = new Date(now).toUTCString().replace(",", "").split(" ");
  return `${what}: ${[weekday, month, day, year, time].join(" ")} GMT+0000 (Coordinated Universal Time)`;
}

function edited(pod: Pod, job: PodJob, now: number): Transition {
  if (job.volumeInGb < pod.job.volumeInGb) {
    throw refusals.invalid(`volumeInGb is ${job.volumeInGb}; the volume has ${pod.job.volumeInGb} GB and only grows`);
  }
  // Editing a stopped pod: not documented; taken to change what the next start runs.
  if (pod.desiredStatus === "EXITED") return { pod: { ...pod, job }, order: "none" };
  return { pod: started({ ...pod, job }, now), order: "run" };
}

function resumed(pod: Pod, freeGpus: number, now: number): Transition {
  // Resuming a running pod: not documented; taken for done.
  if (pod.desiredStatus === "RUNNING") return unchanged(pod);
  if (freeGpus < pod.gpuCount) throw refusals.hostFull();
  // The text after a resume was never recorded.
  return { pod: { ...started(pod, now), lastStatusChange: statusChange("Resumed by user", now) }, order: "run" };
}

const started = (pod: Pod, now: number): Pod => ({
  ...pod,
  desiredStatus: "RUNNING",
  lastStartedAt: now,
  generation: pod.generation + 1,
  container: undefined,
});

// The record of the container stays: RunPod goes on reporting it for a while.
const exited = (pod: Pod, why: string, now: number): Pod => ({
  ...pod,
  desiredStatus: "EXITED",
  lastStatusChange: statusChange(why, now),
  lastStoppedAt: now,
});

const isOutdated = (pod: Pod, event: { generation: number }): boolean =>
  event.generation !== pod.generation || pod.desiredStatus !== "RUNNING";

const unchanged = (pod: Pod): Transition => ({ pod, order: "none" });
