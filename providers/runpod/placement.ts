import { UserError } from "../../contract/errors.ts";
import type { Cloud, DataCenter, GpuType, Rung } from "./api.ts";

/** What a pod needs of its host. */
export interface Requirements {
  /** GPU labels in order of preference; when there are any, only these are used. */
  preferredGpuTypes: string[];
  /** GB of VRAM of one GPU. */
  minVramGb: number | undefined;
  gpuCount: number;
  /** USD per hour for the whole pod. */
  maxPricePerHour: number | undefined;
  /** Regions (US, EU, APAC) or data centres by name. */
  regions: string[];
  networkVolumeId: string | undefined;
}

/** Cheapest terms first; what is refused moves on to the next. */
const profiles: readonly { cloud: Cloud; spot: boolean }[] = [
  { cloud: "COMMUNITY", spot: true },
  { cloud: "COMMUNITY", spot: false },
  { cloud: "SECURE", spot: true },
  { cloud: "SECURE", spot: false },
];

/**
 * All places that meet the requirements, in the order to ask for them: by profile, preference, price.
 * @throws {UserError} when there is none, saying what is offered and which requirement refused it
 */
export function placementLadder(need: Requirements, gpuTypes: GpuType[], dataCenters: DataCenter[]): Rung[] {
  const gpus = matchingGpus(need, gpuTypes);
  const places = matchingDataCenters(need.regions, dataCenters);
  const priced = profiles
    .filter(({ cloud }) => need.networkVolumeId === undefined || cloud === "SECURE")
    .flatMap(({ cloud, spot }) => rungsOf(cloud, spot, gpus, places, need.gpuCount));
  if (priced.length === 0) {
    throw new UserError(
      `no GPU in stock: none of ${list(gpus.map((gpu) => gpu.label))} in ${list(places.map((place) => place.id))}; add regions or GPU types, or try again later`,
    );
  }
  const limit = need.maxPricePerHour;
  const affordable = limit === undefined ? priced : priced.filter((rung) => rung.pricePerHour <= limit);
  if (affordable.length === 0) {
    const cheapest = Math.min(...priced.map((rung) => rung.pricePerHour));
    throw new UserError(
      `"compute_policy.max_price_per_hour" is ${limit ?? 0}; the cheapest offer costs ${cheapest.toFixed(2)} USD per hour`,
    );
  }
  return affordable;
}

function rungsOf(cloud: Cloud, spot: boolean, gpus: GpuType[], places: DataCenter[], gpuCount: number): Rung[] {
  return gpus.flatMap((gpu) => {
    const price = spot ? gpu.price[cloud].spot : gpu.price[cloud].onDemand;
    if (price === undefined) return [];
    return places
      .filter((place) => place.inStock[cloud].includes(gpu.id))
      .map((place) => ({
        cloud,
        spot,
        gpuTypeId: gpu.id,
        gpuLabel: gpu.label,
        dataCenter: place.id,
        pricePerHour: price * gpuCount,
      }));
  });
}

function matchingGpus(need: Requirements, gpuTypes: GpuType[]): GpuType[] {
  const enough = gpuTypes.filter((gpu) => gpu.maxCount >= need.gpuCount);
  if (need.preferredGpuTypes.length > 0) return preferredGpus(need.preferredGpuTypes, enough);
  const large = enough.filter((gpu) => gpu.vramGb >= (need.minVramGb ?? 0));
  if (large.length === 0) {
    const largest = Math.max(0, ...enough.map((gpu) => gpu.vramGb));
    throw new UserError(
      `"compute_policy.min_vram_gb" is ${need.minVramGb ?? 0}, with ${need.gpuCount} GPU(s); the largest GPU offered has ${largest} GB`,
    );
  }
  return large.sort((one, other) => lowestPrice(one) - lowestPrice(other));
}

/** Labels keep their order; every label must match something, or a spelling mistake would cost money unnoticed. */
function preferredGpus(labels: string[], gpuTypes: GpuType[]): GpuType[] {
  const matches = labels.map((label) => gpuTypes.filter((gpu) => matchesLabel(gpu, label)));
  const missing = labels.filter((_, at) => matches[at]?.length === 0);
  if (missing.length > 0) {
    throw new UserError(
      `"preferred_gpu_types" names ${list(missing)}, which RunPod does not offer; it offers ${list(gpuTypes.map((gpu) => gpu.label))}`,
    );
  }
  return [...new Set(matches.flatMap((found) => found.sort((one, other) => lowestPrice(one) - lowestPrice(other))))];
}

function matchesLabel(gpu: GpuType, label: string): boolean {
  const wanted = normalized(label);
  return normalized(gpu.id).includes(wanted) || normalized(gpu.label).includes(wanted);
}

const normalized = (label: string): string =>
  label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

function lowestPrice(gpu: GpuType): number {
  const prices = [gpu.price.COMMUNITY, gpu.price.SECURE].flatMap(({ onDemand, spot }) => [onDemand, spot]);
  return Math.min(...prices.filter((price) => price !== undefined));
}

const regionPrefixes: Record<string, string[]> = {
  US: ["US-"],
  USA: ["US-"],
  NA: ["US-", "CA-"],
  EU: ["EU-", "EUR-"],
  EUR: ["EU-", "EUR-"],
  APAC: ["AP-", "OC-"],
  ASIA: ["AP-"],
};

function matchingDataCenters(regions: string[], dataCenters: DataCenter[]): DataCenter[] {
  const unknown: string[] = [];
  const found = regions.flatMap((region) => {
    const name = region.toUpperCase();
    const prefixes = regionPrefixes[name];
    const places = dataCenters.filter(({ id }) =>
      prefixes === undefined ? id === name : prefixes.some((prefix) => id.startsWith(prefix)),
    );
    if (places.length === 0) unknown.push(region);
    return places;
  });
  if (unknown.length > 0) {
    throw new UserError(
      `"regions" names ${list(unknown)}; use ${Object.keys(regionPrefixes).join(", ")}, or a data centre: ${list(dataCenters.map(({ id }) => id))}`,
    );
  }
  return [...new Set(found)];
}

const list = (names: string[]): string => [...new Set(names)].join(", ");
