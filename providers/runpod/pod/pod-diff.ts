import type { Pod, RunPodApi } from "../api/api.ts";
import { connect } from "../api/connection.ts";
import { isRefusal } from "../api/errors.ts";
import { isUnknown } from "../engine/hook-values.ts";
import { market } from "../placement/market.ts";
import { unmetRequirements } from "../placement/placement-fit.ts";
import { requirementsFor } from "../placement/pod-requirements.ts";
import {
  changedInputs,
  changedRequirements,
  inspectPodInputs,
  jobOf,
  type PodInputs,
  parsePodInputs,
  replacedInputs,
} from "./pod-inputs.ts";
import { hasMark } from "./pod-name.ts";
import { podRun } from "./pod-run.ts";
import { formerJob, type PodState, type Properties, podStateOf } from "./pod-state.ts";
import { driftOf, reconcileSteps } from "./reconcile.ts";

interface Difference {
  changes: boolean;
  replaces?: string[];
}

/** Compares with the living pod, so that a plain `up` sees what was changed, stopped or left behind. */
export async function diff(olds: Properties, news: Properties, configKey: string | undefined): Promise<Difference> {
  const state = podStateOf(olds);
  const found = await differences(olds, news, state, configKey);
  if (found.replaces === undefined) podRun.keep(state.podId);
  else podRun.doom(state.podId);
  return found;
}

async function differences(
  olds: Properties,
  news: Properties,
  state: PodState,
  configKey: string | undefined,
): Promise<Difference> {
  const replaces = replacedInputs(olds, news);
  if (replaces.length > 0) return { changes: true, replaces };
  if (state.podId === null || isUnknown(news)) return { changes: true };
  const inputs = parsePodInputs(news);
  const changed = changedInputs(olds, news);
  if (changed.includes("adoptPodId") && ![undefined, state.podId].includes(inputs.adoptPodId)) {
    return { changes: true, replaces: ["adoptPodId"] };
  }
  try {
    const seen = await look(connect(configKey), state.podId, inputs.mark, state.replaced);
    if (seen.pod === undefined) {
      console.warn(`pod ${state.podId} is gone; another one is made`);
      return { changes: true, replaces: ["podId"] };
    }
    tellDrift(seen.pod, inputs.resourceName, olds);
    const unmet = changedRequirements(olds, news).length > 0 ? await unmetBy(seen.pod, inputs, configKey) : [];
    if (unmet.length > 0) return { changes: true, replaces: unmet };
    const steps = reconcileSteps(jobOf(inputs), seen.pod, formerJob(olds));
    return { changes: changed.length > 0 || steps.length > 0 || seen.strays || state.phase !== "complete" };
  } catch (error) {
    if (!isRefusal(error, "transient")) throw error;
    console.warn(`${error.message}; comparing pod ${state.podId} with the last deployment instead`);
    return { changes: changed.length > 0 || state.phase !== "complete" };
  }
}

/** One list shows the pod and what interrupted runs left beside it; a pod that the list lacks is asked for by itself. */
async function look(
  api: RunPodApi,
  podId: string,
  mark: string,
  replaced: readonly string[],
): Promise<{ pod: Pod | undefined; strays: boolean }> {
  const pods = await api.listPods();
  const pod = pods.find(({ id }) => id === podId) ?? (await api.findPod(podId));
  const strays = pods.filter(({ id, name }) => id !== podId && hasMark(name, mark) && !replaced.includes(id));
  for (const { id, name } of strays) console.warn(`pod ${id} (${name}) was left by an interrupted run; it is removed`);
  return { pod: pod?.desiredStatus === "TERMINATED" ? undefined : pod, strays: strays.length > 0 };
}

/** The engine shows an update, but not why: the inputs are what they were. */
function tellDrift(pod: Pod, resourceName: string, olds: Properties): void {
  const { parsed } = inspectPodInputs(olds);
  const drift = parsed === undefined ? [] : driftOf(jobOf(parsed), pod);
  if (drift.length > 0)
    console.log(`${resourceName}: pod ${pod.id} is not as the last deployment left it: ${drift.join("; ")}`);
}

async function unmetBy(pod: Pod, inputs: PodInputs, configKey: string | undefined): Promise<string[]> {
  const api = connect(configKey);
  const { gpuTypes, dataCenters } = await market(api, inputs.gpuCount);
  return unmetRequirements(await requirementsFor(api, inputs), pod, gpuTypes, dataCenters);
}
