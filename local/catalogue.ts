/**
 * What the local RunPod offers. Ids, names and memory of the GPUs are RunPod's; prices and stock are made up, in
 * plausible proportions: nothing may rely on them.
 */

export type Cloud = "SECURE" | "COMMUNITY";
export const clouds: readonly Cloud[] = ["SECURE", "COMMUNITY"];

export interface GpuType {
  id: string;
  displayName: string;
  manufacturer: "Nvidia" | "AMD";
  memoryInGb: number;
  maxGpuCount: number;
  /** USD per GPU per hour; a cloud without a price does not offer the GPU. */
  prices: Partial<Record<Cloud, { onDemand: number; spot: number }>>;
}

export interface DataCenter {
  id: string;
  /** Country code. */
  location: string;
  region: "NORTH_AMERICA" | "EUROPE" | "ASIA" | "OCEANIA";
  /** Network volumes can be created here. */
  storageSupport: boolean;
}

/** All GPUs of one type that one cloud has in one data centre, taken for one host. */
export interface Machine {
  id: string;
  cloud: Cloud;
  gpuTypeId: string;
  dataCenterId: string;
  gpus: number;
  /** Of the host's memory and CPUs, the share of one GPU. */
  memoryInGbPerGpu: number;
  vcpusPerGpu: number;
  supportPublicIp: boolean;
}

export interface Catalogue {
  gpuTypes: GpuType[];
  dataCenters: DataCenter[];
  machines: Machine[];
}

const gpu = (
  id: string,
  displayName: string,
  memoryInGb: number,
  secure: [onDemand: number, spot: number],
  community?: [onDemand: number, spot: number],
): GpuType => ({
  id,
  displayName,
  manufacturer: id.startsWith("AMD") ? "AMD" : "Nvidia",
  memoryInGb,
  maxGpuCount: 8,
  prices: {
    SECURE: { onDemand: secure[0], spot: secure[1] },
    ...(community && { COMMUNITY: { onDemand: community[0], spot: community[1] } }),
  },
});

const gpuTypes: GpuType[] = [
  gpu("NVIDIA RTX A4000", "RTX A4000", 16, [0.25, 0.17], [0.17, 0.12]),
  gpu("NVIDIA RTX A5000", "RTX A5000", 24, [0.29, 0.2], [0.2, 0.14]),
  gpu("NVIDIA GeForce RTX 3090", "RTX 3090", 24, [0.46, 0.3], [0.22, 0.15]),
  gpu("NVIDIA GeForce RTX 4090", "RTX 4090", 24, [0.69, 0.48], [0.34, 0.24]),
  gpu("NVIDIA GeForce RTX 5090", "RTX 5090", 32, [0.94, 0.7], [0.69, 0.5]),
  gpu("NVIDIA L4", "L4", 24, [0.43, 0.28]),
  gpu("NVIDIA L40S", "L40S", 48, [0.86, 0.55], [0.79, 0.5]),
  gpu("NVIDIA RTX A6000", "RTX A6000", 48, [0.49, 0.33], [0.33, 0.23]),
  gpu("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada", 48, [0.77, 0.5], [0.74, 0.48]),
  gpu("NVIDIA A100 80GB PCIe", "A100 PCIe", 80, [1.64, 1.0], [1.19, 0.82]),
  gpu("NVIDIA H100 80GB HBM3", "H100 SXM", 80, [2.99, 1.75], [2.69, 1.6]),
  gpu("NVIDIA B200", "B200", 180, [5.98, 3.6]),
  gpu("AMD Instinct MI300X OAM", "MI300X", 192, [2.49, 1.5]),
];

const dataCenters: DataCenter[] = [
  { id: "US-TX-3", location: "US", region: "NORTH_AMERICA", storageSupport: true },
  { id: "US-KS-2", location: "US", region: "NORTH_AMERICA", storageSupport: true },
  { id: "US-GA-1", location: "US", region: "NORTH_AMERICA", storageSupport: false },
  { id: "CA-MTL-1", location: "CA", region: "NORTH_AMERICA", storageSupport: true },
  { id: "EU-RO-1", location: "RO", region: "EUROPE", storageSupport: true },
  { id: "EU-SE-1", location: "SE", region: "EUROPE", storageSupport: true },
  { id: "EUR-IS-1", location: "IS", region: "EUROPE", storageSupport: true },
  { id: "AP-JP-1", location: "JP", region: "ASIA", storageSupport: true },
  { id: "OC-AU-1", location: "AU", region: "OCEANIA", storageSupport: false },
];

/** Some of everything everywhere, so that nothing fails for want of stock unless a test takes it away. */
export function defaultCatalogue(): Catalogue {
  const machines = clouds.flatMap((cloud) =>
    gpuTypes
      .filter((type) => type.prices[cloud] !== undefined)
      .flatMap((type) =>
        dataCenters.map(
          (place): Machine => ({
            id: `${place.id}-${cloud}-${type.displayName}`.toLowerCase().replace(/[^a-z0-9]+/g, "-"),
            cloud,
            gpuTypeId: type.id,
            dataCenterId: place.id,
            gpus: 8,
            memoryInGbPerGpu: Math.max(32, type.memoryInGb * 2),
            vcpusPerGpu: 8,
            supportPublicIp: cloud === "SECURE",
          }),
        ),
      ),
  );
  return { gpuTypes, dataCenters, machines };
}
