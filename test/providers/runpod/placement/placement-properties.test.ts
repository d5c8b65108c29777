import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultCatalogue } from "../../../../local/catalogue.ts";
import type { Cloud, DataCenter, GpuType, Rung } from "../../../../providers/runpod/api/api.ts";
import type { DeployProfile } from "../../../../providers/runpod/placement/deploy-profiles.ts";
import { placementLadder, type Requirements } from "../../../../providers/runpod/placement/placement.ts";
import { unmetRequirements } from "../../../../providers/runpod/placement/placement-fit.ts";

const catalogue = defaultCatalogue();
const clouds: Cloud[] = ["COMMUNITY", "SECURE"];

const gpuTypes: GpuType[] = catalogue.gpuTypes.map((type) => ({
  id: type.id,
  label: type.displayName,
  vramGb: type.memoryInGb,
  maxCount: type.maxGpuCount,
  price: {
    SECURE: { onDemand: type.prices.SECURE?.onDemand, spot: type.prices.SECURE?.spot },
    COMMUNITY: { onDemand: type.prices.COMMUNITY?.onDemand, spot: type.prices.COMMUNITY?.spot },
  },
}));

const profile: fc.Arbitrary<DeployProfile> = fc.record({ cloud: fc.constantFrom(...clouds), spot: fc.boolean() });

const need: fc.Arbitrary<Requirements> = fc.record({
  preferredGpuTypes: fc.subarray(["RTX 4090", "L40S", "a100", "NVIDIA L4", "B200"]),
  minVramGb: fc.option(fc.constantFrom(16, 24, 48, 80, 180), { nil: undefined }),
  minRamPerGpuGb: fc.constant(undefined),
  gpuCount: fc.integer({ min: 1, max: 10 }),
  maxPricePerHour: fc.option(fc.constantFrom(0.2, 0.5, 1, 4, 20), { nil: undefined }),
  regions: fc.subarray(["US", "EU", "APAC", "US-TX-3", "EU-RO-1"], { minLength: 1 }),
  profiles: fc.option(fc.uniqueArray(profile, { minLength: 1, selector: (one) => JSON.stringify(one) }), {
    nil: undefined,
  }),
  networkVolume: fc.option(fc.constantFrom({ dataCenter: "US-TX-3" }, { dataCenter: "EU-RO-1" }), { nil: undefined }),
});

const stock: fc.Arbitrary<DataCenter[]> = fc.tuple(
  ...catalogue.dataCenters.map(({ id }) =>
    fc
      .tuple(fc.subarray(gpuTypes.map((gpu) => gpu.id)), fc.subarray(gpuTypes.map((gpu) => gpu.id)))
      .map(([SECURE, COMMUNITY]) => ({ id, inStock: { SECURE, COMMUNITY } })),
  ),
);

const inRegion = (place: string, region: string): boolean =>
  ({ US: /^US-/, EU: /^EUR?-/, APAC: /^(AP|OC)-/ })[region]?.test(place) ?? place === region;

const text = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Whether a place meets the requirements, told without the code under test. */
function mayBe(rung: Rung, want: Requirements, places: DataCenter[]): boolean {
  const gpu = gpuTypes.find(({ id }) => id === rung.gpuTypeId);
  const place = places.find(({ id }) => id === rung.dataCenter);
  const price = gpu?.price[rung.cloud][rung.spot ? "spot" : "onDemand"];
  if (gpu === undefined || place === undefined || price === undefined) return false;
  const names = [gpu.id, gpu.label].map(text);
  return (
    (want.preferredGpuTypes.length === 0 ||
      want.preferredGpuTypes.some((label) => names.some((name) => name.includes(text(label))))) &&
    gpu.vramGb >= (want.minVramGb ?? 0) &&
    gpu.maxCount >= want.gpuCount &&
    price * want.gpuCount <= (want.maxPricePerHour ?? Infinity) &&
    want.regions.some((region) => inRegion(place.id, region)) &&
    place.inStock[rung.cloud].includes(gpu.id) &&
    (want.profiles ?? [rung]).some(({ cloud, spot }) => cloud === rung.cloud && spot === rung.spot) &&
    (want.networkVolume === undefined || (rung.cloud === "SECURE" && place.id === want.networkVolume.dataCenter))
  );
}

/** Every place there is, on all terms. */
const everywhere = (want: Requirements, places: DataCenter[]): Rung[] =>
  clouds.flatMap((cloud) =>
    [true, false].flatMap((spot) =>
      gpuTypes.flatMap((gpu) =>
        places.map(({ id }) => {
          const pricePerHour = (gpu.price[cloud][spot ? "spot" : "onDemand"] ?? 0) * want.gpuCount;
          return { cloud, spot, gpuTypeId: gpu.id, gpuLabel: gpu.label, dataCenter: id, pricePerHour };
        }),
      ),
    ),
  );

const key = (rung: Rung): string => JSON.stringify([rung.cloud, rung.spot, rung.gpuTypeId, rung.dataCenter]);

describe("whatever is asked for and in stock", () => {
  it("the ladder holds exactly the places that meet every requirement; none means an error that says why", () => {
    let refused = 0;
    fc.assert(
      fc.property(need, stock, (want, places) => {
        const volumeOutside =
          want.networkVolume !== undefined &&
          (!want.regions.some((region) => inRegion(want.networkVolume?.dataCenter ?? "", region)) ||
            (want.profiles ?? []).some(({ cloud }) => cloud === "COMMUNITY"));
        const expected = volumeOutside ? [] : everywhere(want, places).filter((rung) => mayBe(rung, want, places));
        if (expected.length === 0) {
          refused += 1;
          expect(() => placementLadder(want, gpuTypes, places)).toThrow(/no GPU|names|network volume/);
          return;
        }
        const ladder = placementLadder(want, gpuTypes, places);
        expect(ladder.map(key).sort()).toEqual(expected.map(key).sort());
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it("a pod that was just placed meets the requirements that placed it", () => {
    fc.assert(
      fc.property(need, stock, (want, places) => {
        fc.pre(want.networkVolume === undefined && everywhere(want, places).some((rung) => mayBe(rung, want, places)));
        for (const rung of placementLadder(want, gpuTypes, places)) {
          const pod = { ...rung, gpuCount: want.gpuCount, memoryGb: 64, costPerHour: rung.pricePerHour };
          expect(unmetRequirements(want, pod, gpuTypes, places)).toEqual([]);
        }
      }),
    );
  });
});
