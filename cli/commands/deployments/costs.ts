import { UserError } from "../../../contract/errors.ts";
import type { RunPodApi } from "../../../providers/runpod/api/api.ts";
import type { Client } from "../../client.ts";
import type { Context } from "../../context.ts";
import { deployedApps } from "../../deployments.ts";
import { openStarted } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { aligned } from "../../output.ts";
import { openRunPod } from "../../runpod.ts";

interface Item {
  app_id: string;
  deployment_id: string | null;
  /** RunPod's word for the pod, `GONE` when there is none, `UNKNOWN` when it could not be asked. */
  pod: string;
  gpu_type: string | null;
  /** USD for the whole pod while it runs; null when that is not known. */
  cost_per_hour: number | null;
  /** Disk that is billed whether the pod runs or not. */
  volume_gb: number | null;
  /** What the latest runs cost on average, in USD; null when that is not known. */
  cost_per_job: number | null;
  detail: string;
}

/** Tells what deployments cost: all of them, or one. */
export async function run(context: Context, appId: string | undefined): Promise<ExitCode> {
  const { output } = context;
  // One that is named has to be there; of all, one that is broken does not hide the others.
  const items =
    appId === undefined
      ? await Promise.all((await deployedApps(context)).map((app) => costOrTrouble(context, app)))
      : [await costOf(context, appId)];
  const running = items.filter(({ pod }) => pod === "RUNNING");
  const perHour = running.reduce((sum, { cost_per_hour }) => sum + (cost_per_hour ?? 0), 0);
  const [first] = items;
  const { balance, spendPerHour } = first === undefined ? nobody : await accountOf(context, first.app_id);
  const document = {
    ...{ items, cost_per_hour: rounded(perHour) },
    ...{ balance: balance ?? null, account_cost_per_hour: spendPerHour ?? null },
  };
  const left = balance === undefined ? "" : `; the account has ${usd(balance)} USD${lasts(balance, spendPerHour)}`;
  output.result(document, () =>
    items.length === 0
      ? ["nothing is deployed"]
      : [...aligned(rowsOf(items)), `${usd(perHour)} USD per hour now${left}`],
  );
  return exitCodes.done;
}

const rowsOf = (items: readonly Item[]): string[][] => [
  ["app", "pod", "per hour", "per day", "per run", "GPU"],
  ...items.map(({ app_id, pod, cost_per_hour, cost_per_job, gpu_type, detail }) => [
    ...[app_id, pod, usd(cost_per_hour), usd(cost_per_hour === null ? null : cost_per_hour * 24)],
    ...[usd(cost_per_job, 4), [gpu_type ?? "", detail].filter(Boolean).join(", ")],
  ]),
];

const costOrTrouble = (context: Context, appId: string): Promise<Item> =>
  costOf(context, appId).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    const unknown = { deployment_id: null, gpu_type: null, cost_per_hour: null, volume_gb: null, cost_per_job: null };
    return { app_id: appId, ...unknown, pod: "UNKNOWN", detail: error.message };
  });

async function costOf(context: Context, appId: string): Promise<Item> {
  const endpoint = await openStarted(context, appId);
  const { podId, gpuType, costPerHour } = endpoint.outputs;
  const [pod, jobCost] = await Promise.all([
    openRunPod(context, appId).then((api) => api.findPod(podId)),
    averageJobCost(endpoint),
  ]);
  const state = pod?.desiredStatus ?? "GONE";
  const detail = state === "EXITED" ? "stopped: only its disk is billed" : state === "GONE" ? "nothing is billed" : "";
  return {
    ...{ app_id: appId, deployment_id: podId, pod: state, gpu_type: pod?.gpuType ?? gpuType },
    ...{ cost_per_hour: pod === undefined ? 0 : pod.costPerHour || costPerHour, volume_gb: pod?.volumeGb ?? null },
    ...{ cost_per_job: jobCost, detail },
  };
}

/** Of the latest completed runs; null when the endpoint does not say. */
async function averageJobCost({ client }: { client: Client }): Promise<number | null> {
  const page = await client.jobs({ state: "completed", limit: "50" }).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  const costs = (page?.items ?? []).flatMap(({ cost_usd: cost }) => cost ?? []);
  return costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
}

const nobody = { balance: undefined, spendPerHour: undefined };

const accountOf = (context: Context, appId: string): ReturnType<RunPodApi["account"]> =>
  openRunPod(context, appId)
    .then((api) => api.account())
    .catch((error: unknown) => {
      if (error instanceof UserError) return nobody;
      throw error;
    });

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
const usd = (value: number | null, digits = 2): string => (value === null ? "-" : value.toFixed(digits));

function lasts(balance: number, perHour: number | undefined): string {
  return perHour === undefined || perHour <= 0 ? "" : `, enough for ${Math.floor(balance / perHour)} hours`;
}
