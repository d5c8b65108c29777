import { type Account, lowestBid } from "../account/account.ts";
import type { Pod } from "../account/pod.ts";

/** Milliseconds after which RunPod's record follows what happened; all are seconds at RunPod. */
export interface ReportingDelays {
  /** From the container's start to `runtime`. */
  runtimeMs: number;
  /** From there to `runtime.ports`. */
  portsMs: number;
  /** For how long a stopped pod still has a `runtime` (documented: read it only while desiredStatus is RUNNING). */
  staleRuntimeMs: number;
}

/** A pod as type `Pod` of the schema. */
export function podView(pod: Pod, account: Account, delays: ReportingDelays, now: number) {
  const gpuType = account.catalogue.gpuTypes.find(({ id }) => id === pod.gpuTypeId);
  const place = account.catalogue.dataCenters.find(({ id }) => id === pod.dataCenterId);
  const machine = account.catalogue.machines.find(({ id }) => id === pod.machineId);
  const runtime = runtimeView(pod, delays, now);
  return {
    id: pod.id,
    name: pod.name,
    machineId: pod.machineId,
    imageName: pod.job.imageName,
    dockerArgs: pod.job.dockerArgs,
    env: Object.entries(pod.job.env).map(([key, value]) => `${key}=${value}`),
    gpuCount: pod.gpuCount,
    vcpuCount: pod.vcpuCount,
    memoryInGb: pod.memoryInGb,
    containerDiskInGb: pod.job.containerDiskInGb,
    volumeInGb: pod.job.volumeInGb,
    volumeMountPath: pod.job.volumeMountPath,
    networkVolumeId: pod.networkVolumeId,
    networkVolume: account.networkVolumes().find(({ id }) => id === pod.networkVolumeId),
    desiredStatus: pod.desiredStatus,
    lastStatusChange: pod.lastStatusChange,
    createdAt: new Date(pod.createdAt).toISOString(),
    lastStartedAt: new Date(pod.lastStartedAt).toISOString(),
    uptimeSeconds: runtime?.uptimeInSeconds ?? 0,
    costPerHr: pod.costPerHr,
    adjustedCostPerHr: pod.costPerHr,
    lowestBidPriceToResume: pod.bidPerGpu === undefined ? undefined : lowestBid(pod, account.catalogue),
    podType: pod.bidPerGpu === undefined ? "RESERVED" : "INTERRUPTABLE",
    ports: pod.job.ports.join(","),
    containerRegistryAuthId: pod.job.containerRegistryAuthId,
    locked: false,
    version: pod.generation,
    machine: {
      id: pod.machineId,
      costPerHr: pod.costPerHr,
      currentPricePerGpu: pod.costPerHr / pod.gpuCount,
      gpuAvailable: machine === undefined ? 0 : account.freeGpus(machine),
      gpuDisplayName: gpuType?.displayName,
      gpuTypeId: pod.gpuTypeId,
      location: place?.location,
      dataCenterId: pod.dataCenterId,
      podHostId: `${pod.id}-64410000`,
      secureCloud: pod.cloud === "SECURE",
      supportPublicIp: machine?.supportPublicIp,
    },
    runtime,
  };
}

function runtimeView(pod: Pod, delays: ReportingDelays, now: number) {
  if (pod.container === undefined) return null;
  const stale = pod.desiredStatus === "EXITED";
  if (stale && now >= (pod.lastStoppedAt ?? 0) + delays.staleRuntimeMs) return null;
  const running = now - pod.container.startedAt;
  if (running < delays.runtimeMs) return null;
  const hasPorts = running >= delays.runtimeMs + delays.portsMs;
  return {
    uptimeInSeconds: Math.floor(running / 1000),
    ports: hasPorts ? portsView(pod, pod.container.ports) : [],
    gpus: Array.from({ length: pod.gpuCount }, (_, at) => ({
      id: `GPU-00000000-0000-0000-0000-${String(at).padStart(12, "0")}`,
      gpuUtilPercent: 0,
      memoryUtilPercent: 0,
    })),
    container: { cpuPercent: 1, memoryPercent: 1 },
  };
}

function portsView(pod: Pod, addresses: Record<number, number>) {
  return pod.job.ports.map((port) => {
    const [number = "", type] = port.split("/");
    const privatePort = Number(number);
    // Only tcp ports have a public address; http ports are reached through the proxy.
    return type === "tcp"
      ? { ip: "127.0.0.1", isIpPublic: true, privatePort, publicPort: addresses[privatePort], type }
      : { ip: "100.65.0.1", isIpPublic: false, privatePort, publicPort: 60_000 + (privatePort % 1000), type };
  });
}
