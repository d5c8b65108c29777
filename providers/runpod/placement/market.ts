import type { DataCenter, GpuType, RunPodApi } from "../api/api.ts";

/** What RunPod offers, and what of it is in stock for so many GPUs at once. */
export interface Market {
  gpuTypes: GpuType[];
  dataCenters: DataCenter[];
}

const known = new WeakMap<RunPodApi, Map<number, Promise<Market>>>();

/** Asked once per process and number of GPUs: previews and checks of many pods cost no more than that of one. */
export function market(api: RunPodApi, gpuCount: number): Promise<Market> {
  const byCount = known.get(api) ?? new Map<number, Promise<Market>>();
  known.set(api, byCount);
  const asked = byCount.get(gpuCount) ?? askMarket(api, gpuCount);
  byCount.set(gpuCount, asked);
  asked.catch(() => byCount.delete(gpuCount));
  return asked;
}

/** Asked anew: stock changes from minute to minute. */
export async function askMarket(api: RunPodApi, gpuCount: number): Promise<Market> {
  const [gpuTypes, dataCenters] = await Promise.all([api.gpuTypes(), api.dataCenters(gpuCount)]);
  return { gpuTypes, dataCenters };
}
