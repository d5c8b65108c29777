import type { App } from "../../contract/app.ts";
import { UserError } from "../../contract/errors.ts";
import type { DataCenter, RunPodApi } from "../../providers/runpod/api/api.ts";
import { isRefusal } from "../../providers/runpod/api/errors.ts";
import { askMarket } from "../../providers/runpod/placement/market.ts";
import {
  outOfStock,
  placementProblems,
  type Requirements,
  rungsInStock,
} from "../../providers/runpod/placement/placement.ts";
import { balanceCheck, type Check } from "./checks.ts";

/**
 * What RunPod says: whether it takes the key, what the account has, and whether there are GPUs.
 * @param app whose needs the GPUs are to meet; any GPU does without one
 */
export async function runPodChecks(open: () => RunPodApi, app: App | undefined): Promise<Check[]> {
  try {
    const api = open();
    const account = await api.account();
    return [
      { name: "runpod", status: "ok", detail: "the API key is accepted" },
      balanceCheck(account),
      await stock(api, app),
    ];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const isKey = isRefusal(error, "auth");
    const [detail = "", ...remedy] = error.message.split("; ");
    const remedies = isKey
      ? remedy.join("; ")
      : "try again later; https://uptime.runpod.io tells whether RunPod is down";
    return [{ name: "runpod", status: "fail", detail, remedy: remedies }];
  }
}

async function stock(api: RunPodApi, app: App | undefined): Promise<Check> {
  const name = "gpus";
  const { gpuTypes, dataCenters } = await askMarket(api, app?.compute_policy.gpu_count ?? 1);
  const need = requirementsOf(app, dataCenters);
  const problems = placementProblems(need, gpuTypes, dataCenters);
  if (problems.length > 0) {
    const remedy = "change what app.json asks for";
    return { name, status: "fail", detail: problems.map(({ message }) => message).join("; "), remedy };
  }
  const rungs = rungsInStock(need, gpuTypes, dataCenters);
  const [cheapest] = rungs.toSorted((a, b) => a.pricePerHour - b.pricePerHour);
  if (cheapest === undefined) {
    const remedy = "try again later, or ask for more kinds of GPUs, regions or terms";
    return { name, status: "fail", detail: outOfStock(need, gpuTypes, dataCenters), remedy };
  }
  const kinds = new Set(rungs.map(({ gpuLabel }) => gpuLabel)).size;
  const price = `${cheapest.pricePerHour.toFixed(2)} USD per hour (${cheapest.gpuLabel} in ${cheapest.dataCenter})`;
  return { name, status: "ok", detail: `${kinds} kinds in stock, from ${price}` };
}

const requirementsOf = (app: App | undefined, dataCenters: readonly DataCenter[]): Requirements => ({
  preferredGpuTypes: app?.preferred_gpu_types ?? [],
  minVramGb: app?.compute_policy.min_vram_gb,
  minRamPerGpuGb: app?.compute_policy.min_ram_per_gpu_gb,
  gpuCount: app?.compute_policy.gpu_count ?? 1,
  maxPricePerHour: app?.compute_policy.max_price_per_hour,
  regions: app?.regions ?? dataCenters.map(({ id }) => id),
  profiles: undefined,
  networkVolume: undefined,
});
