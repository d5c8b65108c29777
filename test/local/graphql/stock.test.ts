import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { rent, withoutContainers } from "../renting.ts";

let runpod: StartedRunPod;
beforeAll(async () => {
  runpod = await startLocalRunPod(withoutContainers);
});
afterAll(() => runpod.close());

const field = async (query: string): Promise<unknown> => {
  const { data, errors } = await runpod.graphql(`{ ${query} }`);
  expect(errors).toBeUndefined();
  return Object.values(data ?? {})[0];
};
const lowestPrice = async (input: string, fields: string): Promise<unknown> => {
  const types = await field(
    `gpuTypes(input: { id: "NVIDIA RTX A4000" }) { lowestPrice(input: { ${input} }) { ${fields} } }`,
  );
  return (types as { lowestPrice: unknown }[])[0]?.lowestPrice;
};

describe("GPU types", () => {
  it("have a price in each cloud that offers them, and none in the other (documented)", async () => {
    const fields = `id displayName manufacturer memoryInGb secureCloud communityCloud securePrice communityPrice
      secureSpotPrice communitySpotPrice maxGpuCountSecureCloud maxGpuCountCommunityCloud`;
    expect(
      await field(`gpuTypes(input: { ids: ["NVIDIA RTX A4000", "AMD Instinct MI300X OAM"] }) { ${fields} }`),
    ).toEqual([
      {
        id: "NVIDIA RTX A4000",
        displayName: "RTX A4000",
        manufacturer: "Nvidia",
        memoryInGb: 16,
        secureCloud: true,
        communityCloud: true,
        securePrice: 0.25,
        communityPrice: 0.17,
        secureSpotPrice: 0.17,
        communitySpotPrice: 0.12,
        maxGpuCountSecureCloud: 8,
        maxGpuCountCommunityCloud: 8,
      },
      {
        id: "AMD Instinct MI300X OAM",
        displayName: "MI300X",
        manufacturer: "AMD",
        memoryInGb: 192,
        secureCloud: true,
        communityCloud: false,
        securePrice: 2.49,
        communityPrice: null,
        secureSpotPrice: 1.5,
        communitySpotPrice: null,
        maxGpuCountSecureCloud: 8,
        maxGpuCountCommunityCloud: null,
      },
    ]);
  });

  it("are none for an unknown id", async () => {
    expect(await field('gpuTypes(input: { id: "NVIDIA H1000" }) { id }')).toEqual([]);
  });
});

describe("the lowest price", () => {
  it("is that of the cheapest machine which meets the filter (documented)", async () => {
    const fields = "gpuTypeId minimumBidPrice uninterruptablePrice minMemory minVcpu";
    const id = "NVIDIA RTX A4000";
    expect(await lowestPrice("gpuCount: 2", fields)).toEqual({
      gpuTypeId: id,
      minimumBidPrice: 0.12,
      uninterruptablePrice: 0.17,
      minMemory: 64,
      minVcpu: 16,
    });
    expect(await lowestPrice("gpuCount: 1, secureCloud: true", fields)).toEqual({
      gpuTypeId: id,
      minimumBidPrice: 0.17,
      uninterruptablePrice: 0.25,
      minMemory: 32,
      minVcpu: 8,
    });
    expect(await lowestPrice("gpuCount: 1, supportPublicIp: true", "uninterruptablePrice")).toEqual({
      uninterruptablePrice: 0.25,
    });
  });

  it.each([
    "gpuCount: 9",
    'gpuCount: 1, countryCode: "FR"',
    "gpuCount: 1, minMemoryInGb: 33",
    "gpuCount: 1, minVcpuCount: 9",
  ])("has empty fields when no machine meets %s (documented)", async (input) => {
    expect(await lowestPrice(input, "minimumBidPrice uninterruptablePrice stockStatus availableGpuCounts")).toEqual({
      minimumBidPrice: null,
      uninterruptablePrice: null,
      stockStatus: null,
      availableGpuCounts: null,
    });
  });

  it("tells the stock of that machine: High, Medium, Low (words documented, thresholds an assumption)", async () => {
    const place = 'gpuCount: 1, secureCloud: true, dataCenterId: "EU-SE-1"';
    const stock = () => lowestPrice(place, "stockStatus maxUnreservedGpuCount availableGpuCounts");
    const take = (gpuCount: number) =>
      rent(runpod, { gpuTypeId: "NVIDIA RTX A4000", dataCenterId: "EU-SE-1", gpuCount });
    expect(await stock()).toEqual({
      stockStatus: "High",
      maxUnreservedGpuCount: 8,
      availableGpuCounts: [1, 2, 4, 8],
    });
    await take(5);
    expect(await stock()).toEqual({ stockStatus: "Medium", maxUnreservedGpuCount: 3, availableGpuCounts: [1, 2] });
    await take(2);
    expect(await stock()).toEqual({ stockStatus: "Low", maxUnreservedGpuCount: 1, availableGpuCounts: [1] });
    await take(1);
    expect(await stock()).toEqual({ stockStatus: null, maxUnreservedGpuCount: null, availableGpuCounts: null });
  });
});

describe("data centres", () => {
  it("tell where they are and whether network volumes can be there (documented)", async () => {
    const places = await field("dataCenters { id name location region listed storageSupport }");
    expect(places).toHaveLength(9);
    expect((places as object[])[2]).toEqual({
      id: "US-GA-1",
      name: "US-GA-1",
      location: "US",
      region: "NORTH_AMERICA",
      listed: true,
      storageSupport: false,
    });
  });

  it("tell what is in stock, in the clouds that are asked for", async () => {
    runpod.account.setStock({ gpuTypeId: "NVIDIA L4", dataCenterId: "CA-MTL-1" }, 2);
    const stock = async (input: string) => {
      const places = await field(`dataCenters { id gpuAvailability(input: { ${input} }) {
        available stockStatus gpuTypeId gpuTypeDisplayName } }`);
      const place = (places as { id: string; gpuAvailability: { gpuTypeId: string }[] }[]).find(
        ({ id }) => id === "CA-MTL-1",
      );
      return place?.gpuAvailability.find(({ gpuTypeId }) => gpuTypeId === "NVIDIA L4");
    };
    const l4 = { gpuTypeId: "NVIDIA L4", gpuTypeDisplayName: "L4" };
    expect(await stock("gpuCount: 2")).toEqual({ ...l4, available: true, stockStatus: "Medium" });
    expect(await stock("gpuCount: 3")).toEqual({ ...l4, available: false, stockStatus: "None" });
    expect(await stock("gpuCount: 1, secureCloud: false")).toEqual({ ...l4, available: false, stockStatus: "None" });
  });
});
