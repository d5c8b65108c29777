import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DataCenter, GpuType } from "../../../providers/runpod/api.ts";
import { placementLadder, type Requirements } from "../../../providers/runpod/placement.ts";

const none = { onDemand: undefined, spot: undefined };
const gpu = (id: string, label: string, vramGb: number, secure: number, community?: number): GpuType => ({
  id,
  label,
  vramGb,
  maxCount: 8,
  price: {
    SECURE: { onDemand: secure, spot: secure / 2 },
    COMMUNITY: community === undefined ? none : { onDemand: community, spot: community / 2 },
  },
});

const gpuTypes = [
  gpu("NVIDIA GeForce RTX 4090", "RTX 4090", 24, 0.7, 0.35),
  gpu("NVIDIA RTX A4000", "RTX A4000", 16, 0.25, 0.2),
  gpu("NVIDIA A100 80GB PCIe", "A100 PCIe", 80, 1.6),
  gpu("NVIDIA A100-SXM4-80GB", "A100 SXM", 80, 1.9),
];
const everything = gpuTypes.map(({ id }) => id);
const dataCenters: DataCenter[] = [
  { id: "US-KS-2", inStock: { SECURE: everything, COMMUNITY: [] } },
  { id: "US-TX-3", inStock: { SECURE: ["NVIDIA RTX A4000"], COMMUNITY: ["NVIDIA GeForce RTX 4090"] } },
  { id: "EU-RO-1", inStock: { SECURE: everything, COMMUNITY: everything } },
];
const need = (changed: Partial<Requirements> = {}): Requirements => ({
  preferredGpuTypes: [],
  minVramGb: undefined,
  gpuCount: 1,
  maxPricePerHour: undefined,
  regions: ["US"],
  networkVolumeId: undefined,
  ...changed,
});
const ladder = (changed: Partial<Requirements> = {}) =>
  placementLadder(need(changed), gpuTypes, dataCenters).map(
    (rung) =>
      `${rung.cloud}${rung.spot ? " spot" : ""} ${rung.gpuLabel} ${rung.dataCenter} ${rung.pricePerHour.toFixed(2)}`,
  );

describe("where a pod is asked for", () => {
  it("goes through community spot, community, secure spot, secure; cheaper GPUs first", () => {
    expect(ladder({ minVramGb: 24 })).toEqual([
      "COMMUNITY spot RTX 4090 US-TX-3 0.17",
      "COMMUNITY RTX 4090 US-TX-3 0.35",
      "SECURE spot RTX 4090 US-KS-2 0.35",
      "SECURE spot A100 PCIe US-KS-2 0.80",
      "SECURE spot A100 SXM US-KS-2 0.95",
      "SECURE RTX 4090 US-KS-2 0.70",
      "SECURE A100 PCIe US-KS-2 1.60",
      "SECURE A100 SXM US-KS-2 1.90",
    ]);
  });

  it("keeps the order of preferred GPUs; a label may name a family, its price breaks the tie", () => {
    expect(ladder({ preferredGpuTypes: ["a100", "RTX A4000"], regions: ["US-KS-2"] })).toEqual([
      "SECURE spot A100 PCIe US-KS-2 0.80",
      "SECURE spot A100 SXM US-KS-2 0.95",
      "SECURE spot RTX A4000 US-KS-2 0.13",
      "SECURE A100 PCIe US-KS-2 1.60",
      "SECURE A100 SXM US-KS-2 1.90",
      "SECURE RTX A4000 US-KS-2 0.25",
    ]);
  });

  it("prices the whole pod", () => {
    expect(ladder({ gpuCount: 2, preferredGpuTypes: ["A100 PCIe"], regions: ["US-KS-2"] })).toEqual([
      "SECURE spot A100 PCIe US-KS-2 1.60",
      "SECURE A100 PCIe US-KS-2 3.20",
    ]);
  });

  it("asks for secure places only when a network volume is attached", () => {
    expect(ladder({ networkVolumeId: "v", preferredGpuTypes: ["4090"] })).toEqual([
      "SECURE spot RTX 4090 US-KS-2 0.35",
      "SECURE RTX 4090 US-KS-2 0.70",
    ]);
  });

  it.each<[Partial<Requirements>, string]>([
    [{ minVramGb: 96 }, '"compute_policy.min_vram_gb" is 96, with 1 GPU(s); the largest GPU offered has 80 GB'],
    [
      { preferredGpuTypes: ["H1000"] },
      '"preferred_gpu_types" names H1000, which RunPod does not offer; it offers RTX 4090,',
    ],
    [
      { regions: ["MOON"] },
      '"regions" names MOON; use US, USA, NA, EU, EUR, APAC, ASIA, or a data centre: US-KS-2, US-TX-3',
    ],
    [
      { maxPricePerHour: 0.1 },
      '"compute_policy.max_price_per_hour" is 0.1; the cheapest offer costs 0.13 USD per hour',
    ],
    [
      { regions: ["US-TX-3"], preferredGpuTypes: ["A100"] },
      "no GPU in stock: none of A100 PCIe, A100 SXM in US-TX-3; add regions or GPU types, or try again later",
    ],
  ])("refuses %j and says what is offered", (changed, message) => {
    expect(() => ladder(changed)).toThrow(message);
  });

  it("never names a place that misses a requirement", () => {
    fc.assert(
      fc.property(
        fc.record({
          minVramGb: fc.constantFrom(undefined, 16, 24, 80),
          gpuCount: fc.integer({ min: 1, max: 4 }),
          maxPricePerHour: fc.constantFrom(undefined, 0.3, 1, 4),
          regions: fc.constantFrom<string[]>(["US"], ["EU"], ["US-TX-3", "EU-RO-1"]),
        }),
        (changed) => {
          let rungs: ReturnType<typeof placementLadder>;
          try {
            rungs = placementLadder(need(changed), gpuTypes, dataCenters);
          } catch {
            return;
          }
          for (const rung of rungs) {
            const type = gpuTypes.find(({ id }) => id === rung.gpuTypeId);
            const place = dataCenters.find(({ id }) => id === rung.dataCenter);
            expect(type?.vramGb).toBeGreaterThanOrEqual(changed.minVramGb ?? 0);
            expect(rung.pricePerHour).toBeLessThanOrEqual(changed.maxPricePerHour ?? Number.POSITIVE_INFINITY);
            expect(place?.inStock[rung.cloud]).toContain(rung.gpuTypeId);
          }
        },
      ),
    );
  });
});
