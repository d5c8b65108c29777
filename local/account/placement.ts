import type { Catalogue, Cloud, GpuType, Machine } from "../catalogue.ts";

/** What a rental, or a question about prices, asks of a machine; undefined asks for nothing. */
export interface Wanted {
  /** Any of these, the first that can be had. */
  gpuTypeIds: readonly string[];
  gpuCount: number;
  clouds: readonly Cloud[];
  dataCenterId?: string | undefined;
  countryCode?: string | undefined;
  minMemoryInGb?: number | undefined;
  minVcpuCount?: number | undefined;
  supportPublicIp?: boolean | undefined;
  /** USD per hour for the pod. */
  deployCost?: number | undefined;
  /** USD per GPU per hour of a spot pod; undefined on demand. */
  bidPerGpu?: number | undefined;
}

export interface Offer {
  machine: Machine;
  /** USD per GPU per hour: the list price on demand, the bid for spot. */
  pricePerGpu: number;
}

/** The best machine for it: GPU types in the order given, then the cheapest. */
export function findMachine(
  wanted: Wanted,
  catalogue: Catalogue,
  freeGpus: (machine: Machine) => number,
): Offer | undefined {
  for (const gpuTypeId of wanted.gpuTypeIds) {
    const offers = matching(wanted, gpuTypeId, catalogue).filter(({ machine }) => freeGpus(machine) >= wanted.gpuCount);
    const [best] = offers.sort((one, other) => one.pricePerGpu - other.pricePerGpu);
    if (best !== undefined) return best;
  }
  return undefined;
}

/** Machines that meet it when nobody else uses them. */
export function matching(wanted: Wanted, gpuTypeId: string, catalogue: Catalogue): Offer[] {
  const gpuType = catalogue.gpuTypes.find((type) => type.id === gpuTypeId);
  if (gpuType === undefined || wanted.gpuCount < 1 || wanted.gpuCount > gpuType.maxGpuCount) return [];
  const countries = new Map(catalogue.dataCenters.map((place) => [place.id, place.location]));
  return catalogue.machines
    .filter(
      (machine) =>
        machine.gpuTypeId === gpuTypeId &&
        wanted.clouds.includes(machine.cloud) &&
        (wanted.dataCenterId === undefined || machine.dataCenterId === wanted.dataCenterId) &&
        (wanted.countryCode === undefined || countries.get(machine.dataCenterId) === wanted.countryCode) &&
        machine.memoryInGbPerGpu * wanted.gpuCount >= (wanted.minMemoryInGb ?? 0) &&
        machine.vcpusPerGpu * wanted.gpuCount >= (wanted.minVcpuCount ?? 0) &&
        (wanted.supportPublicIp !== true || machine.supportPublicIp),
    )
    .flatMap((machine) => offers(machine, gpuType, wanted));
}

function offers(machine: Machine, gpuType: GpuType, wanted: Wanted): Offer[] {
  const price = gpuType.prices[machine.cloud];
  if (price === undefined) return [];
  if (wanted.bidPerGpu !== undefined) {
    return wanted.bidPerGpu >= price.spot ? [{ machine, pricePerGpu: wanted.bidPerGpu }] : [];
  }
  if (wanted.deployCost !== undefined && price.onDemand * wanted.gpuCount > wanted.deployCost) return [];
  return [{ machine, pricePerGpu: price.onDemand }];
}

/** High, Medium, Low or None, by the share that is free (the thresholds are ours). */
export function stockStatus(free: number, all: number): "High" | "Medium" | "Low" | "None" {
  if (free <= 0 || all <= 0) return "None";
  if (free / all > 0.5) return "High";
  return free / all > 0.2 ? "Medium" : "Low";
}
