import { z } from "zod";
import type { DataCenter, GpuType, NetworkVolume, Pod, RegistryAuth } from "./api.ts";

/** RunPod's answers as they come, parsed into our words at the door. */

export const podAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    imageName: z.string().nullish(),
    env: z.array(z.string()).nullish(),
    ports: z.string().nullish(),
    containerDiskInGb: z.number().nullish(),
    volumeInGb: z.number().nullish(),
    volumeMountPath: z.string().nullish(),
    networkVolumeId: z.string().nullish(),
    gpuCount: z.number(),
    memoryInGb: z.number(),
    desiredStatus: z.string(),
    lastStatusChange: z.string().nullish(),
    podType: z.string().nullish(),
    costPerHr: z.number(),
    machine: z
      .object({
        gpuTypeId: z.string().nullish(),
        gpuDisplayName: z.string().nullish(),
        dataCenterId: z.string().nullish(),
        secureCloud: z.boolean().nullish(),
      })
      .nullish(),
    runtime: z.object({ uptimeInSeconds: z.number().nullish() }).nullish(),
  })
  .transform(
    (pod): Pod => ({
      id: pod.id,
      name: pod.name,
      image: pod.imageName ?? "",
      env: Object.fromEntries((pod.env ?? []).map(splitVariable)),
      ports: (pod.ports ?? "").split(",").filter((port) => port !== ""),
      containerDiskGb: pod.containerDiskInGb ?? 0,
      volumeGb: pod.volumeInGb ?? 0,
      volumeMountPath: pod.volumeMountPath ?? undefined,
      networkVolumeId: pod.networkVolumeId ?? undefined,
      gpuCount: pod.gpuCount,
      memoryGb: pod.memoryInGb,
      desiredStatus: knownStatus(pod.desiredStatus),
      statusDetail: pod.lastStatusChange ?? "",
      // Stale for a while after a stop: it counts only while the pod is meant to run.
      containerRunning: pod.desiredStatus === "RUNNING" && pod.runtime !== null && pod.runtime !== undefined,
      spot: pod.podType === "INTERRUPTABLE",
      costPerHour: pod.costPerHr,
      cloud: cloudOf(pod.machine?.secureCloud),
      gpuTypeId: pod.machine?.gpuTypeId ?? undefined,
      gpuType: pod.machine?.gpuDisplayName ?? pod.machine?.gpuTypeId ?? undefined,
      dataCenter: pod.machine?.dataCenterId ?? undefined,
    }),
  );

export const gpuTypesAnswer = z
  .array(
    z.object({
      id: z.string(),
      displayName: z.string().nullish(),
      memoryInGb: z.number().nullish(),
      maxGpuCount: z.number().nullish(),
      secureCloud: z.boolean().nullish(),
      communityCloud: z.boolean().nullish(),
      securePrice: z.number().nullish(),
      communityPrice: z.number().nullish(),
      secureSpotPrice: z.number().nullish(),
      communitySpotPrice: z.number().nullish(),
    }),
  )
  .transform((types) =>
    types.map(
      (type): GpuType => ({
        id: type.id,
        label: type.displayName ?? type.id,
        vramGb: type.memoryInGb ?? 0,
        maxCount: type.maxGpuCount ?? 1,
        price: {
          SECURE: offered(type.secureCloud, type.securePrice, type.secureSpotPrice),
          COMMUNITY: offered(type.communityCloud, type.communityPrice, type.communitySpotPrice),
        },
      }),
    ),
  );

const availability = z.array(z.object({ gpuTypeId: z.string().nullish(), available: z.boolean().nullish() })).nullish();

export const dataCentersAnswer = z
  .array(z.object({ id: z.string(), listed: z.boolean().nullish(), secure: availability, community: availability }))
  .transform((centers) =>
    centers
      .filter((center) => center.listed !== false)
      .map(
        (center): DataCenter => ({
          id: center.id,
          inStock: { SECURE: inStock(center.secure), COMMUNITY: inStock(center.community) },
        }),
      ),
  );

export const storageDataCentersAnswer = z
  .array(z.object({ id: z.string(), listed: z.boolean().nullish(), storageSupport: z.boolean().nullish() }))
  .transform((centers) =>
    centers.filter((center) => center.listed !== false && center.storageSupport === true).map((center) => center.id),
  );

export const networkVolumeAnswer = z
  .object({ id: z.string(), name: z.string().nullish(), size: z.number(), dataCenterId: z.string() })
  .transform(
    (volume): NetworkVolume => ({
      id: volume.id,
      name: volume.name ?? "",
      sizeGb: volume.size,
      dataCenter: volume.dataCenterId,
    }),
  );

export const registryAuthAnswer = z
  .object({ id: z.string(), name: z.string().nullish() })
  .transform(({ id, name }): RegistryAuth => ({ id, name: name ?? "" }));

function splitVariable(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function cloudOf(secure: boolean | null | undefined): Pod["cloud"] {
  if (secure === null || secure === undefined) return undefined;
  return secure ? "SECURE" : "COMMUNITY";
}

function knownStatus(status: string): Pod["desiredStatus"] {
  return status === "RUNNING" || status === "EXITED" || status === "TERMINATED" ? status : "OTHER";
}

// RunPod writes 0 or null for a price that it does not offer.
function offered(
  cloud: boolean | null | undefined,
  onDemand: number | null | undefined,
  spot: number | null | undefined,
) {
  if (cloud === false) return { onDemand: undefined, spot: undefined };
  return { onDemand: onDemand || undefined, spot: spot || undefined };
}

function inStock(types: z.output<typeof availability>): string[] {
  return (types ?? []).flatMap((type) => (type.available && type.gpuTypeId ? [type.gpuTypeId] : []));
}
