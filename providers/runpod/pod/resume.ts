import type { Pod, RunPodApi } from "../api/api.ts";
import { RunPodError } from "../api/errors.ts";
import { askMarket } from "../placement/market.ts";
import { change } from "./changes.ts";

/**
 * Starts a stopped pod again, on its own host. A spot pod bids what the market asks now.
 * @param maxPricePerHour USD for the whole pod; undefined for no limit
 * @throws {RunPodError} `capacity` when its host has no GPU free, or at that price none
 */
export async function resume(api: RunPodApi, pod: Pod, maxPricePerHour: number | undefined): Promise<void> {
  const bid = await bidFor(api, pod, maxPricePerHour ?? Infinity);
  await change(
    api,
    pod.id,
    () => api.resumePod(pod, bid),
    (now) => now?.desiredStatus === "RUNNING",
  );
}

/** USD per hour for the whole pod: what the market asks now; the pod's own price when it is not a spot pod. */
async function bidFor(api: RunPodApi, pod: Pod, most: number): Promise<number> {
  if (!pod.spot) return pod.costPerHour;
  const { gpuTypes } = await askMarket(api, pod.gpuCount);
  const perGpu = gpuTypes.find(({ id }) => id === pod.gpuTypeId)?.price[pod.cloud ?? "COMMUNITY"].spot;
  const bid = perGpu === undefined ? pod.costPerHour : perGpu * pod.gpuCount;
  if (bid <= most) return bid;
  throw new RunPodError(
    "capacity",
    `pod ${pod.id} costs ${bid.toFixed(2)} USD per hour now, above the limit of ${most.toFixed(2)}`,
  );
}
