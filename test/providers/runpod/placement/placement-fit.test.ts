import { describe, expect, it } from "vitest";
import type { DataCenter, GpuType } from "../../../../providers/runpod/api/api.ts";
import type { Requirements } from "../../../../providers/runpod/placement/placement.ts";
import { unmetRequirements } from "../../../../providers/runpod/placement/placement-fit.ts";

const price = { onDemand: 1, spot: 0.5 };
const gpuTypes: GpuType[] = [
  { id: "NVIDIA L40S", label: "L40S", vramGb: 48, maxCount: 8, price: { SECURE: price, COMMUNITY: price } },
];
const dataCenters: DataCenter[] = ["US-TX-3", "EU-RO-1"].map((id) => ({ id, inStock: { SECURE: [], COMMUNITY: [] } }));
const pod = {
  cloud: "SECURE" as const,
  spot: true,
  gpuTypeId: "NVIDIA L40S",
  gpuCount: 2,
  memoryGb: 128,
  dataCenter: "US-TX-3",
  costPerHour: 1,
};
const unmet = (changed: Partial<Requirements>, placed: Parameters<typeof unmetRequirements>[1] = pod) =>
  unmetRequirements(
    {
      preferredGpuTypes: [],
      minVramGb: undefined,
      minRamPerGpuGb: undefined,
      gpuCount: 2,
      maxPricePerHour: undefined,
      regions: ["US"],
      profiles: undefined,
      networkVolume: undefined,
      ...changed,
    },
    placed,
    gpuTypes,
    dataCenters,
  );

describe("a pod that was placed earlier", () => {
  it.each<[string, Partial<Requirements>]>([
    ["another region is allowed too", { regions: ["EU", "US"] }],
    ["its own data centre is named", { regions: ["us-tx-3"] }],
    ["a limit is at its price", { maxPricePerHour: 1 }],
    ["its GPU is among the preferred", { preferredGpuTypes: ["H100", "l40s"] }],
    ["it is large enough", { minVramGb: 48, minRamPerGpuGb: 64 }],
    ["its terms are among the profiles", { profiles: [{ cloud: "SECURE", spot: true }] }],
  ])("is kept when %s, although nothing is in stock", (_, changed) => {
    expect(unmet(changed)).toEqual([]);
  });

  it.each<[string, Partial<Requirements>, string[]]>([
    ["its region", { regions: ["EU"] }, ["regions"]],
    ["its price", { maxPricePerHour: 0.9 }, ["maxPricePerHour"]],
    ["its GPU", { preferredGpuTypes: ["H100"], minVramGb: 80 }, ["preferredGpuTypes", "minVramGb"]],
    ["its memory", { minRamPerGpuGb: 65 }, ["minRamPerGpuGb"]],
    ["its number of GPUs", { gpuCount: 1 }, ["gpuCount"]],
    ["its terms", { profiles: [{ cloud: "SECURE", spot: false }] }, ["profiles"]],
  ])("is replaced when %s is no longer allowed", (_, changed, expected) => {
    expect(unmet(changed)).toEqual(expected);
  });

  it("is kept as far as RunPod does not say what it is", () => {
    const silent = { ...pod, cloud: undefined, gpuTypeId: undefined, dataCenter: undefined };
    expect(unmet({ regions: ["EU"], minVramGb: 80, profiles: [{ cloud: "COMMUNITY", spot: true }] }, silent)).toEqual(
      [],
    );
  });
});
