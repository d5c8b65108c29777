import type { DataCenter, GpuType, Pod } from "../api/api.ts";
import { matchingGpus } from "./gpu-labels.ts";
import type { Requirements } from "./placement.ts";
import { matchingDataCenters } from "./regions.ts";

type Placed = Pick<Pod, "cloud" | "spot" | "gpuTypeId" | "gpuCount" | "memoryGb" | "dataCenter" | "costPerHour">;

/**
 * Which requirements a pod that was placed earlier does not meet: a region that was added, or a limit that was raised,
 * is no reason to give up a pod that serves.
 * @returns names of the pod's inputs; what RunPod does not say about the pod counts as met
 */
export function unmetRequirements(
  need: Requirements,
  pod: Placed,
  gpuTypes: GpuType[],
  dataCenters: DataCenter[],
): (keyof Requirements)[] {
  const gpu = gpuTypes.find(({ id }) => id === pod.gpuTypeId);
  const meets: Partial<Record<keyof Requirements, boolean>> = {
    preferredGpuTypes: gpu === undefined || matchingGpus(need.preferredGpuTypes, [gpu]).length > 0,
    minVramGb: gpu === undefined || gpu.vramGb >= (need.minVramGb ?? 0),
    minRamPerGpuGb: pod.memoryGb >= (need.minRamPerGpuGb ?? 0) * need.gpuCount,
    gpuCount: pod.gpuCount === need.gpuCount,
    maxPricePerHour: pod.costPerHour <= (need.maxPricePerHour ?? Infinity),
    regions:
      pod.dataCenter === undefined ||
      matchingDataCenters(need.regions, dataCenters).some(({ id }) => id === pod.dataCenter),
    profiles:
      pod.cloud === undefined ||
      need.profiles === undefined ||
      need.profiles.some(({ cloud, spot }) => cloud === pod.cloud && spot === pod.spot),
  };
  return (Object.keys(meets) as (keyof Requirements)[]).filter((requirement) => !meets[requirement]);
}
