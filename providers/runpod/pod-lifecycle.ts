import { setTimeout as sleep } from "node:timers/promises";
import { podEnv } from "../../contract/pod-env.ts";
import type { Pod, RunPodApi } from "./api/api.ts";
import { connect } from "./api/connection.ts";
import { isRefusal, RunPodError } from "./api/errors.ts";
import { engineGone, runCanceled } from "./engine/engine-alive.ts";
import { IncompleteError, outputs, reasonOf } from "./engine/hook-values.ts";
import { obtainPod, removeStrays, type TriedRung } from "./placement/pod-placing.ts";
import { change, terminate } from "./pod/changes.ts";
import { drainPod } from "./pod/drain.ts";
import { generationOf, inspectPodInputs, jobOf, type PodInputs, parsePodInputs } from "./pod/pod-inputs.ts";
import { podName } from "./pod/pod-name.ts";
import { podRun } from "./pod/pod-run.ts";
import {
  formerJob,
  nextRevision,
  observed,
  observedJob,
  type PodState,
  type Properties,
  podStateOf,
  startState,
} from "./pod/pod-state.ts";
import { type FormerJob, jobDifferences, mergedJob, reconcileSteps } from "./pod/reconcile.ts";
import { resume } from "./pod/resume.ts";
import { settleFailedPod } from "./ready/on-failed.ts";

export { check } from "./pod/pod-check.ts";
export { diff } from "./pod/pod-diff.ts";

export async function create(properties: Properties, configKey: string | undefined) {
  const inputs = parsePodInputs(properties);
  const generation = generationOf(inputs);
  const id = podName(inputs.appId, inputs.mark, generation);
  return { id, outs: await bringUp(connect(configKey), id, properties, inputs, startState(generation, {}), undefined) };
}

export async function update(id: string, olds: Properties, news: Properties, configKey: string | undefined) {
  const inputs = parsePodInputs(news);
  const start = startState(podStateOf(olds).generation, olds);
  return { outs: await bringUp(connect(configKey), id, news, inputs, start, formerJob(olds)) };
}

/** For `refresh`: what the pod is now; an empty id says that it is gone. */
export async function read(id: string, properties: Properties, configKey: string | undefined) {
  const api = connect(configKey);
  const { podId } = podStateOf(properties);
  const pod = podId === null ? await findByName(api, id) : await api.findPod(podId);
  if (pod === undefined || pod.desiredStatus === "TERMINATED") return { id: "", props: {} };
  return { id, props: outputs({ ...properties, podId: pod.id, ...observedJob(pod, properties), ...observed(pod) }) };
}

/** A pod that is gone already counts as deleted. */
export async function remove(id: string, properties: Properties, configKey: string | undefined): Promise<void> {
  const api = connect(configKey);
  const { podId } = podStateOf(properties);
  const found = podId ?? (await findByName(api, id))?.id;
  if (found === undefined) return;
  if (!podRun.mayDelete(found)) {
    console.warn(`pod ${found} was kept: this deployment uses it; to get another pod, change podRotation`);
    return;
  }
  await drain(properties);
  await terminate(api, found);
}

/** Lets the pod finish the jobs it took; one without a gateway of ours has none. */
async function drain(properties: Properties): Promise<void> {
  const { parsed } = inspectPodInputs(properties);
  const apiKey = parsed?.env[podEnv.apiKey];
  const { endpointUrl, status } = podStateOf(properties);
  // A state that cannot be read, of an older version, is no reason to keep the pod.
  if (parsed === undefined || apiKey === undefined || endpointUrl === null || status !== "RUNNING") return;
  const { drainSeconds, resourceName } = parsed;
  await drainPod({ endpointUrl, apiKey, drainSeconds }, (line) => console.log(`${resourceName}: ${line}`));
}

/** Finds or places the pod, makes it run the job, and waits until RunPod reports a container. */
async function bringUp(
  api: RunPodApi,
  name: string,
  properties: Properties,
  inputs: PodInputs,
  start: PodState,
  former: FormerJob | undefined,
): Promise<object> {
  let state = start;
  const note = (pod: Pod, placement = state.placement): void => {
    podRun.keep(pod.id);
    state = { ...state, podId: pod.id, endpointUrl: api.podUrl(pod.id, inputs.publicPort), placement };
  };
  const obtain = async (): Promise<Pod> => {
    const { pod, tried } = await obtainPod(api, name, inputs);
    note(pod, tried);
    console.log(`${inputs.resourceName}: ${obtainedLine(pod, tried)}`);
    return pod;
  };
  /** Makes a pod run the job, or another one in its stead. */
  const run = async (pod: Pod): Promise<{ running: Pod; restarted: boolean }> => {
    note(pod);
    state = { ...state, replaced: await removeStrays(api, inputs.mark, pod.id, state.replaced) };
    try {
      const restarted = await applySteps(api, pod, inputs, former);
      return { running: await waitForContainer(api, pod.id, inputs), restarted };
    } catch (error) {
      if (!isRefusal(error, "capacity")) throw error;
      if (inputs.onHostFull === "fail") throw resumeRefused(pod, error);
      return run(await placeAnew(api, pod, error, obtain));
    }
  };
  try {
    const pod = (await findRecorded(api, state.podId)) ?? (await obtain());
    const { running, restarted } = await run(pod).catch(async (error: unknown) => {
      // Another run's leftover may be removed by that run's last breath just after it was found.
      if (!isRefusal(error, "gone")) throw error;
      return run(await obtain());
    });
    // An incomplete deployment may have restarted the container without knowing.
    const startedAnew = running.id !== start.podId || restarted || start.phase !== "complete";
    const revision = startedAnew ? nextRevision(running.id, start.revision) : start.revision;
    return outputs({ ...properties, ...state, ...observed(running), revision, phase: "complete", reason: null });
  } catch (error) {
    // Nothing was created: the resource need not be kept.
    if (state.podId === null && !isRefusal(error, "transient", "limited")) throw error;
    const reason = reasonOf(error);
    throw new IncompleteError(name, { ...properties, ...state, phase: "incomplete", reason }, reason, { cause: error });
  }
}

/** @returns whether the container was started anew */
async function applySteps(
  api: RunPodApi,
  pod: Pod,
  inputs: PodInputs,
  former: FormerJob | undefined,
): Promise<boolean> {
  const job = jobOf(inputs);
  const steps = reconcileSteps(job, pod, former);
  for (const step of steps) {
    if (step.kind === "edit") {
      const merged = mergedJob(job, pod, former);
      const edit = (): Promise<void> => api.editPod(pod.id, merged);
      await change(api, pod.id, edit, (now) => now !== undefined && jobDifferences(job, now, former).length === 0);
    } else {
      await resume(api, pod, inputs.maxPricePerHour);
    }
  }
  return steps.length > 0;
}

/** For a pod whose host has no GPU free: another one serves in its stead. */
async function placeAnew(api: RunPodApi, full: Pod, refusal: RunPodError, obtain: () => Promise<Pod>): Promise<Pod> {
  const volume = full.networkVolumeId === undefined ? "with an empty volume" : "with the same network volume";
  console.warn(`pod ${full.id} cannot be started again (${refusal.message}); another one is placed, ${volume}`);
  podRun.doom(full.id);
  const pod = await obtain();
  await terminate(api, full.id);
  return pod;
}

const resumeRefused = (pod: Pod, refusal: RunPodError): RunPodError =>
  new RunPodError(
    "capacity",
    `pod ${pod.id} cannot be started again: ${refusal.message}; try again later, or set onHostFull to replace`,
    { cause: refusal },
  );

// RunPod stumbles for seconds; a pod that could not be ended is said to run on.
const settlePausesMs = [1000, 3000];

async function waitForContainer(
  api: RunPodApi,
  podId: string,
  { startTimeoutSeconds, onFailed }: Pick<PodInputs, "startTimeoutSeconds" | "onFailed">,
): Promise<Pod> {
  const deadline = Date.now() + startTimeoutSeconds * 1000;
  let status: string | undefined;
  let costPerHour = 0;
  for (let delay = 250; Date.now() < deadline; delay = Math.min(delay * 1.5, 5000)) {
    const pod = await api.findPod(podId);
    if (pod === undefined) throw new RunPodError("gone", `pod ${podId} disappeared while its container was starting`);
    if (pod.containerRunning) return pod;
    if (pod.desiredStatus !== "RUNNING") {
      throw new RunPodError(
        "invalid",
        `pod ${podId} stopped before its container ran (${pod.statusDetail}); is the image ${pod.image} there, and may RunPod pull it?`,
      );
    }
    if (status !== undefined && pod.statusDetail !== status) console.log(`pod ${podId}: ${pod.statusDetail}`);
    status = pod.statusDetail;
    ({ costPerHour } = pod);
    await sleep(delay);
    if (await engineGone()) throw new RunPodError("invalid", "the Pulumi engine is gone; nobody waits for the pod");
    if (runCanceled()) {
      throw new RunPodError(
        "invalid",
        `the deployment was interrupted while pod ${podId} was starting; it runs on and costs ${costPerHour} USD per hour; the next pulumi up waits for it again, pulumi destroy ends it`,
      );
    }
  }
  const failed = { podId, costPerHour, is: "running" } as const;
  throw new RunPodError(
    "invalid",
    `pod ${podId} had no container after ${startTimeoutSeconds} s (${status ?? "it was not looked at"})\n${await settleFailedPod(api, failed, onFailed, settlePausesMs)}`,
  );
}

function obtainedLine(pod: Pod, tried: readonly TriedRung[]): string {
  const rung = tried.findLast(({ refusal }) => refusal === null);
  if (rung === undefined) return `pod ${pod.id} is there already`;
  const terms = `${rung.cloud}${rung.spot ? " spot" : ""} ${rung.gpu} in ${rung.dataCenter}`;
  return `rented pod ${pod.id}: ${terms}, ${rung.pricePerHour.toFixed(2)} USD per hour`;
}

async function findRecorded(api: RunPodApi, podId: string | null): Promise<Pod | undefined> {
  const pod = podId === null ? undefined : await api.findPod(podId);
  return pod?.desiredStatus === "TERMINATED" ? undefined : pod;
}

const findByName = async (api: RunPodApi, name: string): Promise<Pod | undefined> =>
  (await api.listPods()).find((pod) => pod.name === name);
