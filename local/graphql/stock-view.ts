import type { Account } from "../account/account.ts";
import { matching, stockStatus, type Wanted } from "../account/placement.ts";
import { type Cloud, clouds, type DataCenter, type GpuType } from "../catalogue.ts";

/** What stock is asked for; null and absent alike. */
type StockInput = {
  gpuCount?: number | null;
  secureCloud?: boolean | null;
  dataCenterId?: string | null;
  countryCode?: string | null;
  minMemoryInGb?: number | null;
  minVcpuCount?: number | null;
  supportPublicIp?: boolean | null;
} | null;

const cloudsOf = (secureCloud: boolean | null | undefined): readonly Cloud[] =>
  secureCloud === true ? ["SECURE"] : secureCloud === false ? ["COMMUNITY"] : clouds;

function stockWanted(input: StockInput | undefined, gpuTypeId: string): Wanted {
  return {
    gpuTypeIds: [gpuTypeId],
    gpuCount: input?.gpuCount ?? 1,
    clouds: cloudsOf(input?.secureCloud),
    dataCenterId: input?.dataCenterId || undefined,
    countryCode: input?.countryCode || undefined,
    minMemoryInGb: input?.minMemoryInGb ?? undefined,
    minVcpuCount: input?.minVcpuCount ?? undefined,
    supportPublicIp: input?.supportPublicIp ?? undefined,
  };
}

/** A GPU type as type `GpuType` of the schema, with what is in stock. */
export function gpuTypeView(type: GpuType, account: Account) {
  const { SECURE: secure, COMMUNITY: community } = type.prices;
  return {
    id: type.id,
    displayName: type.displayName,
    manufacturer: type.manufacturer,
    memoryInGb: type.memoryInGb,
    secureCloud: secure !== undefined,
    communityCloud: community !== undefined,
    securePrice: secure?.onDemand,
    communityPrice: community?.onDemand,
    secureSpotPrice: secure?.spot,
    communitySpotPrice: community?.spot,
    maxGpuCount: type.maxGpuCount,
    maxGpuCountSecureCloud: secure && type.maxGpuCount,
    maxGpuCountCommunityCloud: community && type.maxGpuCount,
    lowestPrice: ({ input }: { input?: StockInput }) => {
      const wanted = stockWanted(input, type.id);
      const offers = matching(wanted, type.id, account.catalogue).filter(
        ({ machine }) => account.freeGpus(machine) >= wanted.gpuCount,
      );
      const [cheapest] = offers.sort((one, other) => one.pricePerGpu - other.pricePerGpu);
      // Its fields are null when no machine meets the filter.
      if (cheapest === undefined) return { gpuName: type.displayName, gpuTypeId: type.id, stockStatus: null };
      const { machine } = cheapest;
      const free = account.freeGpus(machine);
      return {
        gpuName: type.displayName,
        gpuTypeId: type.id,
        minimumBidPrice: type.prices[machine.cloud]?.spot,
        uninterruptablePrice: cheapest.pricePerGpu,
        minMemory: machine.memoryInGbPerGpu * wanted.gpuCount,
        minVcpu: machine.vcpusPerGpu * wanted.gpuCount,
        stockStatus: stockStatus(free, machine.gpus),
        maxUnreservedGpuCount: free,
        availableGpuCounts: [1, 2, 4, 8].filter((count) => count <= free),
      };
    },
  };
}

/** A data centre as type `DataCenter` of the schema. */
export function dataCenterView(place: DataCenter, account: Account) {
  return {
    id: place.id,
    name: place.id,
    location: place.location,
    listed: true,
    storageSupport: place.storageSupport,
    region: place.region,
    gpuAvailability: ({ input }: { input?: StockInput }) =>
      account.catalogue.gpuTypes.map((type) => {
        const wanted = { ...stockWanted(input, type.id), dataCenterId: place.id };
        const machines = matching(wanted, type.id, account.catalogue).map(({ machine }) => machine);
        const free = Math.max(0, ...machines.map((machine) => account.freeGpus(machine)));
        const all = Math.max(0, ...machines.map((machine) => machine.gpus));
        const available = free >= wanted.gpuCount && machines.length > 0;
        return {
          id: `${place.id}-${type.id}`,
          available,
          stockStatus: available ? stockStatus(free, all) : "None",
          gpuTypeId: type.id,
          gpuTypeDisplayName: type.displayName,
          displayName: type.displayName,
        };
      }),
  };
}
