import { randomInt } from "node:crypto";
import type { Catalogue, Machine } from "../catalogue.ts";
import { findMachine, type Wanted } from "./placement.ts";
import { type HostOrder, type Pod, type PodEvent, type PodJob, statusChange, transition } from "./pod.ts";
import { refusals } from "./refusal.ts";
import { createStorage, type Storage } from "./storage.ts";

export interface RentRequest {
  name: string;
  job: PodJob;
  wanted: Wanted;
  networkVolumeId: string | undefined;
  /** Milliseconds since the epoch. */
  stopAfter: number | undefined;
  terminateAfter: number | undefined;
}

/** Everything one RunPod account has: pods, network volumes, registry credentials, money. All in memory. */
export interface Account extends Storage {
  catalogue: Catalogue;
  /** USD. Nothing is billed: it changes only when somebody sets it. */
  balance: number;
  /** USD per hour. */
  spendPerHr(): number;
  pods(): Pod[];
  pod(podId: string): Pod | undefined;
  rent(request: RentRequest): Pod;
  resume(podId: string): Pod;
  bidAndResume(podId: string, bidPerGpu: number): Pod;
  stop: (podId: string) => Pod;
  /** @param changed what the caller named; the rest stays */
  edit(podId: string, changed: Partial<PodJob>): Pod;
  terminate: (podId: string) => void;
  /** Takes a spot pod away, as somebody who pays more does. */
  outbid(podId: string): Pod;
  /** What the host reports; about a pod that is gone: nothing. */
  report(podId: string, event: PodEvent): void;
  /** GPUs of a machine that nobody uses. */
  freeGpus(machine: Machine): number;
  /** Lets other accounts take all but so many of the GPUs that are free on the machines that match: 0 sells them out. */
  setStock(which: Partial<Pick<Machine, "gpuTypeId" | "dataCenterId" | "cloud">>, free: number): void;
}

export interface AccountOptions {
  catalogue: Catalogue;
  /** USD. */
  balance: number;
  /** Hands an order for a pod to the host. */
  onOrder: (pod: Pod, order: HostOrder) => void;
}

// RunPod's limits: 50 variables is documented; the size of one is Linux's (MAX_ARG_STRLEN, name and "=" included).
const mostVariables = 50;
const longestVariable = 128 * 1024;
const mostHttpPorts = 10;

export function createAccount({ catalogue, balance, onOrder }: AccountOptions): Account {
  const pods = new Map<string, Pod>();
  /** GPUs of machines that other accounts have. */
  const taken = new Map<string, number>();
  const isAttached = (volumeId: string) => [...pods.values()].some((pod) => pod.networkVolumeId === volumeId);
  const storage = createStorage(catalogue, isAttached);

  const change = (podId: string, event: (pod: Pod) => PodEvent): Pod => {
    const pod = pods.get(podId);
    if (pod === undefined) throw refusals.unknownPod(podId);
    const next = transition(pod, event(pod), Date.now());
    pods.set(podId, next.pod);
    if (next.order !== "none") onOrder(next.pod, next.order);
    return next.pod;
  };

  const used = (machine: Machine): number =>
    [...pods.values()]
      .filter((pod) => pod.machineId === machine.id && pod.desiredStatus === "RUNNING")
      .reduce((sum, pod) => sum + pod.gpuCount, 0);
  const freeGpus = (machine: Machine): number => machine.gpus - (taken.get(machine.id) ?? 0) - used(machine);
  const machineOf = (pod: Pod): Machine | undefined => catalogue.machines.find(({ id }) => id === pod.machineId);
  const freeOnHostOf = (pod: Pod): number => {
    const machine = machineOf(pod);
    return machine === undefined ? 0 : freeGpus(machine);
  };

  // A deploy needs an hour of funds (documented).
  const affordable = (costPerHr: number) => {
    if (account.balance < costPerHr) throw refusals.balanceTooLow();
  };

  const schedule = (podId: string, at: number | undefined, action: (podId: string) => unknown) => {
    // A timer takes 24 days at most; later is as good as never here.
    if (at === undefined || at - Date.now() >= 2 ** 31) return;
    const timer = setTimeout(() => {
      if (pods.has(podId)) action(podId);
    }, at - Date.now());
    timer.unref();
  };

  const account: Account = {
    ...storage,
    catalogue,
    balance,
    spendPerHr: () =>
      [...pods.values()].reduce((sum, pod) => sum + (pod.desiredStatus === "RUNNING" ? pod.costPerHr : 0), 0),
    pods: () => [...pods.values()],
    pod: (podId) => pods.get(podId),
    rent: (request) => {
      checkJob(request.job);
      const wanted = storage.pinned(request.wanted, request.networkVolumeId);
      const offer = findMachine(wanted, catalogue, freeGpus);
      if (offer === undefined) {
        throw wanted.bidPerGpu === undefined ? refusals.noInstances() : refusals.noSpotInstances();
      }
      affordable(offer.pricePerGpu * wanted.gpuCount);
      const pod = rented(request, offer.machine, offer.pricePerGpu, Date.now());
      pods.set(pod.id, pod);
      schedule(pod.id, request.stopAfter, account.stop);
      schedule(pod.id, request.terminateAfter, account.terminate);
      onOrder(pod, "run");
      return pod;
    },
    resume: (podId) =>
      change(podId, (pod) => {
        affordable(pod.costPerHr);
        return { type: "resume", freeGpus: freeOnHostOf(pod) };
      }),
    bidAndResume: (podId, bidPerGpu) =>
      change(podId, (pod) => {
        affordable(bidPerGpu * pod.gpuCount);
        return { type: "bid and resume", freeGpus: freeOnHostOf(pod), bidPerGpu, lowestBid: lowestBid(pod, catalogue) };
      }),
    stop: (podId) => change(podId, () => ({ type: "stop" })),
    edit: (podId, changed) =>
      change(podId, (pod) => {
        const job = { ...pod.job, ...changed };
        checkJob(job);
        // A pod with a network volume has no volume of its own.
        return { type: "edit", job: pod.networkVolumeId === undefined ? job : { ...job, volumeInGb: 0 } };
      }),
    terminate: (podId) => {
      const pod = pods.get(podId);
      if (pod === undefined) throw refusals.terminateUnknown();
      pods.delete(podId);
      onOrder(pod, "remove");
    },
    outbid: (podId) => change(podId, () => ({ type: "outbid" })),
    report: (podId, event) => {
      if (pods.has(podId)) change(podId, () => event);
    },
    freeGpus,
    setStock: (which, free) => {
      const machines = catalogue.machines.filter(
        (machine) =>
          (which.gpuTypeId ?? machine.gpuTypeId) === machine.gpuTypeId &&
          (which.dataCenterId ?? machine.dataCenterId) === machine.dataCenterId &&
          (which.cloud ?? machine.cloud) === machine.cloud,
      );
      for (const machine of machines) taken.set(machine.id, machine.gpus - used(machine) - free);
    },
  };
  return account;
}

/** USD per GPU per hour. */
export function lowestBid(pod: Pod, catalogue: Catalogue): number {
  return catalogue.gpuTypes.find(({ id }) => id === pod.gpuTypeId)?.prices[pod.cloud]?.spot ?? 0;
}

function rented(request: RentRequest, machine: Machine, pricePerGpu: number, now: number): Pod {
  const { gpuCount, bidPerGpu } = request.wanted;
  return {
    id: podId(),
    name: request.name,
    job: request.networkVolumeId === undefined ? request.job : { ...request.job, volumeInGb: 0 },
    cloud: machine.cloud,
    machineId: machine.id,
    dataCenterId: machine.dataCenterId,
    gpuTypeId: machine.gpuTypeId,
    gpuCount,
    vcpuCount: machine.vcpusPerGpu * gpuCount,
    memoryInGb: machine.memoryInGbPerGpu * gpuCount,
    networkVolumeId: request.networkVolumeId,
    bidPerGpu,
    costPerHr: pricePerGpu * gpuCount,
    desiredStatus: "RUNNING",
    lastStatusChange: statusChange("Rented by User", now),
    createdAt: now,
    lastStartedAt: now,
    lastStoppedAt: undefined,
    generation: 1,
    container: undefined,
  };
}

function checkJob(job: PodJob): void {
  const variables = Object.entries(job.env);
  if (job.imageName === "") throw refusals.invalid("imageName is missing; give an image reference");
  if (variables.length > mostVariables) {
    throw refusals.invalid(`env has ${variables.length} variables; a pod takes ${mostVariables}`);
  }
  for (const [key, value] of variables) {
    const size = Buffer.byteLength(`${key}=${value}`) + 1;
    if (size > longestVariable) throw refusals.invalid(`env ${key} has ${size} bytes; one takes ${longestVariable}`);
  }
  const unreadable = job.ports.find((port) => !/^\d+\/(http|tcp)$/.test(port));
  if (unreadable !== undefined) throw refusals.invalid(`ports has "${unreadable}"; write <port>/http or <port>/tcp`);
  const http = job.ports.filter((port) => port.endsWith("/http")).length;
  if (http > mostHttpPorts) throw refusals.invalid(`ports has ${http} http ports; a pod takes ${mostHttpPorts}`);
  if (!job.volumeMountPath.startsWith("/") || job.volumeMountPath.split("/").includes("..")) {
    throw refusals.invalid(`volumeMountPath is "${job.volumeMountPath}"; give an absolute path`);
  }
}

/** 14 lower-case letters and digits, as RunPod's. */
function podId(): string {
  const letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  return Array.from({ length: 14 }, () => letters[randomInt(letters.length)]).join("");
}
