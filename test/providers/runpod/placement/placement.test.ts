import { describe, expect, it } from "vitest";
import { UserError } from "../../../../contract/errors.ts";
import type { DataCenter, GpuType } from "../../../../providers/runpod/api/api.ts";
import {
  placementLadder,
  placementProblems,
  priceRange,
  type Requirements,
} from "../../../../providers/runpod/placement/placement.ts";

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
  minRamPerGpuGb: undefined,
  regions: ["US"],
  profiles: undefined,
  networkVolume: undefined,
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
    expect(ladder({ networkVolume: { dataCenter: "US-KS-2" }, preferredGpuTypes: ["4090"] })).toEqual([
      "SECURE spot RTX 4090 US-KS-2 0.35",
      "SECURE RTX 4090 US-KS-2 0.70",
    ]);
  });

  it("asks on the given terms only, in the given order", () => {
    const profiles = [
      { cloud: "SECURE", spot: false },
      { cloud: "COMMUNITY", spot: true },
    ] as const;
    expect(ladder({ profiles: [...profiles], preferredGpuTypes: ["4090"] })).toEqual([
      "SECURE RTX 4090 US-KS-2 0.70",
      "COMMUNITY spot RTX 4090 US-TX-3 0.17",
    ]);
  });

  it("names what it costs at least and at most, whatever is in stock", () => {
    expect(priceRange(need({ preferredGpuTypes: ["4090"], gpuCount: 2 }), gpuTypes)).toEqual({ from: 0.35, to: 1.4 });
    expect(priceRange(need({ maxPricePerHour: 0.01 }), gpuTypes)).toBeUndefined();
  });

  it.each<[string, Partial<Requirements>, string]>([
    [
      "VRAM that no GPU has",
      { minVramGb: 96 },
      'no GPU meets the needs; of 4 GPU types offered,\n  "compute_policy.min_vram_gb" is 96: refuses RTX 4090 (24 GB), RTX A4000 (16 GB), A100 PCIe (80 GB), A100 SXM (80 GB)',
    ],
    [
      "a label that names nothing",
      { preferredGpuTypes: ["4090", "H1000"] },
      '"preferred_gpu_types" names H1000, which RunPod does not offer; it offers RTX 4090, RTX A4000, A100 PCIe, A100 SXM',
    ],
    [
      "a region that is none",
      { regions: ["MOON"] },
      '"regions" names MOON; use US, USA, NA, EU, EUR, APAC, ASIA, or a data centre: US-KS-2, US-TX-3, EU-RO-1',
    ],
    [
      "a price below every offer",
      { maxPricePerHour: 0.4, minVramGb: 80 },
      'no GPU meets the needs; of 4 GPU types offered,\n  "compute_policy.min_vram_gb" is 80: refuses RTX 4090 (24 GB), RTX A4000 (16 GB)\n  "compute_policy.max_price_per_hour" is 0.4: refuses A100 PCIe (0.80 USD), A100 SXM (0.95 USD)',
    ],
    [
      "more GPUs than a host has",
      { gpuCount: 9, preferredGpuTypes: ["A100 SXM"] },
      'no GPU meets the needs; of 4 GPU types offered,\n  "preferred_gpu_types" is A100 SXM: refuses RTX 4090, RTX A4000, A100 PCIe\n  "compute_policy.gpu_count" is 9: refuses A100 SXM (8 at most)',
    ],
    [
      "terms on which a GPU is not offered",
      { profiles: [{ cloud: "COMMUNITY", spot: false }], minVramGb: 80 },
      'no GPU meets the needs; of 4 GPU types offered,\n  "compute_policy.min_vram_gb" is 80: refuses RTX 4090 (24 GB), RTX A4000 (16 GB)\n  "deployProfiles" is COMMUNITY: refuses A100 PCIe, A100 SXM',
    ],
    [
      "a preferred GPU that is too small: both requirements hold",
      { preferredGpuTypes: ["A4000"], minVramGb: 24 },
      'no GPU meets the needs; of 4 GPU types offered,\n  "preferred_gpu_types" is A4000: refuses RTX 4090, A100 PCIe, A100 SXM\n  "compute_policy.min_vram_gb" is 24: refuses RTX A4000 (16 GB)',
    ],
    [
      "a network volume outside the regions",
      { networkVolume: { dataCenter: "EU-RO-1" } },
      '"regions" is US, but the network volume is in EU-RO-1; add EU-RO-1',
    ],
    [
      "a network volume in the community cloud",
      { networkVolume: { dataCenter: "US-KS-2" }, profiles: [{ cloud: "COMMUNITY", spot: true }] },
      '"deployProfiles" asks for COMMUNITY spot, where no network volume can be attached; ask for SECURE only',
    ],
    [
      "what is sold out",
      { regions: ["US-TX-3"], preferredGpuTypes: ["A100"] },
      'no GPU in stock: none of A100 PCIe, A100 SXM in US-TX-3 (COMMUNITY spot, COMMUNITY, SECURE spot, SECURE); add regions or GPU types, or try again later; of 4 GPU types offered,\n  "preferred_gpu_types" is A100: refuses RTX 4090, RTX A4000',
    ],
  ])("refuses %s and says what is offered", (_, changed, message) => {
    expect(() => ladder(changed)).toThrow(new UserError(message));
  });

  it("names every requirement that cannot be met, by the pod's input", () => {
    const problems = placementProblems(
      need({ regions: ["MOON"], preferredGpuTypes: ["H1000"] }),
      gpuTypes,
      dataCenters,
    );
    expect(problems.map(({ path }) => path)).toEqual(["regions", "preferredGpuTypes"]);
    expect(
      placementProblems(need({ regions: ["MOON"], minVramGb: 96 }), gpuTypes, dataCenters).map(({ path }) => path),
    ).toEqual(["regions", "minVramGb"]);
    expect(placementProblems(need({ minVramGb: 96 }), gpuTypes, dataCenters).map(({ path }) => path)).toEqual([
      "minVramGb",
    ]);
  });
});
