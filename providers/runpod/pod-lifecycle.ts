import { setTimeout as sleep } from "node:timers/promises";
import type { Pod, RunPodApi } from "./api.ts";
import { connect } from "./connection.ts";
import { isRefusal, RunPodError } from "./errors.ts";
import { IncompleteError, isUnknown, outputs, reasonOf, unknownValue } from "./hook-values.ts";
import { generationOf, jobOf, type PodInputs, parsePodInputs, podInputFailures, replacedInputs } from "./pod-inputs.ts";
import { podMark, podName } from "./pod-name.ts";
import { obtainPod, type TriedRung } from "./pod-placing.ts";
import { type FormerJob, jobDifferences, mergedJob, reconcileSteps } from "./reconcile.ts";

/** What a pod's resource keeps beside its inputs. */
interface PodState {
  /** null until RunPod has answered. */
  podId: string | null;
  generation: string;
  /** `complete`, or `incomplete` with the reason: the next `up` goes on from there. */
  phase: "complete" | "incomplete";
  reason: string | null;
  /** Changes whenever the container was started anew. */
  revision: string;
  endpointUrl: string | null;
  gpuType: string | null;
  dataCenter: string | null;
  spot: boolean | null;
  /** USD per hour for the whole pod. */
  costPerHour: number | null;
  placement: TriedRung[];
}

type Properties = Record<string, unknown>;

// One process serves all hooks of a run. A pod that is to be replaced must not be adopted by the create that replaces it;
// a pod that this run created must not be deleted as the old one.
const doomed = new Set<string>();
const live = new Set<string>();

/** Runs at preview too: refuses bad inputs before money is spent, and fixes the pod's mark. */
export function check(olds: Properties, news: Properties) {
  const inputs = { ...news, mark: olds["mark"] ?? markOf(news) };
  return Promise.resolve({ inputs, failures: podInputFailures(inputs) });
}

/** Compares with the living pod, so that a plain `up` sees what was changed or stopped by hand. */
export async function diff(olds: Properties, news: Properties, configKey: string | undefined) {
  const state = olds as unknown as PodState;
  const replaces = replacedInputs(olds, news);
  if (replaces.length > 0) {
    if (state.podId !== null) doomed.add(state.podId);
    return { changes: true, replaces, deleteBeforeReplace: false };
  }
  if (state.phase !== "complete" || state.podId === null || isUnknown(news)) return { changes: true };
  const inputs = parsePodInputs(news);
  if (olds["startTimeoutSeconds"] !== inputs.startTimeoutSeconds) return { changes: true };
  try {
    const pod = await connect(configKey).findPod(state.podId);
    if (pod === undefined || pod.desiredStatus === "TERMINATED") return { changes: true, replaces: ["podId"] };
    return { changes: reconcileSteps(jobOf(inputs), pod, formerJob(olds)).length > 0 };
  } catch (error) {
    if (!isRefusal(error, "transient")) throw error;
    console.warn(`${error.message}; comparing pod ${state.podId} with the last deployment instead`);
    return { changes: jobDifferences(jobOf(inputs), recordedPod(olds), formerJob(olds)).length > 0 };
  }
}

export async function create(properties: Properties, configKey: string | undefined) {
  const inputs = parsePodInputs(properties);
  const generation = generationOf(inputs);
  const id = podName(inputs.appId, inputs.mark, generation);
  return { id, outs: await bringUp(connect(configKey), id, properties, inputs, { generation, former: {} }) };
}

export async function update(id: string, olds: Properties, news: Properties, configKey: string | undefined) {
  const inputs = parsePodInputs(news);
  const { generation } = olds as unknown as PodState;
  return { outs: await bringUp(connect(configKey), id, news, inputs, { generation, former: olds }) };
}

/** For `refresh`: an empty id says that the pod is gone. */
export async function read(id: string, properties: Properties, configKey: string | undefined) {
  const api = connect(configKey);
  const { podId } = properties as unknown as PodState;
  const pod = podId === null ? await findByName(api, id) : await api.findPod(podId);
  if (pod === undefined) return { id: "", props: {} };
  return { id, props: outputs({ ...properties, podId: pod.id, ...placeOf(pod) }) };
}

/** A pod that is gone already counts as deleted. */
export async function remove(id: string, properties: Properties, configKey: string | undefined): Promise<void> {
  const api = connect(configKey);
  const { podId } = properties as unknown as PodState;
  if (podId !== null && live.has(podId) && !doomed.has(podId)) {
    console.warn(`pod ${podId} was kept: this deployment uses it; to get another pod, change podRotation`);
    return;
  }
  const found = podId ?? (await findByName(api, id))?.id;
  if (found !== undefined) await api.terminatePod(found);
}

/** Finds or places the pod, makes it run the job, and waits until RunPod reports a container. */
async function bringUp(
  api: RunPodApi,
  name: string,
  properties: Properties,
  inputs: PodInputs,
  { generation, former }: { generation: string; former: Properties },
): Promise<object> {
  let state: PodState = { ...emptyState(generation), ...keptState(former) };
  try {
    const before = await findRecorded(api, state.podId);
    const { pod, tried } =
      before === undefined ? await obtainPod(api, name, inputs, doomed) : { pod: before, tried: state.placement };
    live.add(pod.id);
    const isNew = pod.id !== state.podId;
    state = { ...state, podId: pod.id, endpointUrl: api.podUrl(pod.id, publicPort(inputs)), placement: tried };

    const restarted = await applySteps(api, pod, inputs, formerJob(former));
    if (isNew || restarted) state.revision = nextRevision(pod.id, state.revision);
    const running = await waitForContainer(api, pod.id, inputs.startTimeoutSeconds);
    return outputs({ ...properties, ...state, ...placeOf(running), phase: "complete", reason: null });
  } catch (error) {
    // Nothing was created: the resource need not be kept.
    if (state.podId === null && !isRefusal(error, "transient")) throw error;
    const reason = reasonOf(error);
    throw new IncompleteError(name, { ...properties, ...state, phase: "incomplete", reason }, reason, { cause: error });
  }
}

async function applySteps(
  api: RunPodApi,
  pod: Pod,
  inputs: PodInputs,
  former: FormerJob | undefined,
): Promise<boolean> {
  const job = jobOf(inputs);
  const steps = reconcileSteps(job, pod, former);
  for (const step of steps) {
    if (step.kind === "edit") await api.editPod(pod.id, mergedJob(job, pod, former));
    else await api.resumePod(pod, pod.costPerHour);
  }
  return steps.length > 0;
}

async function waitForContainer(api: RunPodApi, podId: string, timeoutSeconds: number): Promise<Pod> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  let status = "";
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
    if (pod.statusDetail !== status) console.log(`pod ${podId}: ${pod.statusDetail}`);
    status = pod.statusDetail;
    await sleep(delay);
  }
  throw new RunPodError("invalid", `pod ${podId} had no container after ${timeoutSeconds} s (${status})`);
}

async function findRecorded(api: RunPodApi, podId: string | null): Promise<Pod | undefined> {
  const pod = podId === null ? undefined : await api.findPod(podId);
  return pod?.desiredStatus === "TERMINATED" ? undefined : pod;
}

async function findByName(api: RunPodApi, name: string): Promise<Pod | undefined> {
  return (await api.listPods()).find((pod) => pod.name === name);
}

function markOf(news: Properties): string {
  const { ownerSeed, resourceName } = news;
  return isUnknown(ownerSeed) ? unknownValue : podMark(String(ownerSeed), String(resourceName));
}

function emptyState(generation: string): PodState {
  return {
    podId: null,
    generation,
    phase: "incomplete",
    reason: null,
    revision: "",
    endpointUrl: null,
    gpuType: null,
    dataCenter: null,
    spot: null,
    costPerHour: null,
    placement: [],
  };
}

function keptState(former: Properties): Partial<PodState> {
  const { podId, revision, endpointUrl, gpuType, dataCenter, spot, costPerHour, placement } =
    former as Partial<PodState>;
  const kept = { podId, revision, endpointUrl, gpuType, dataCenter, spot, costPerHour, placement };
  return Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
}

function placeOf(pod: Pod): Pick<PodState, "gpuType" | "dataCenter" | "spot" | "costPerHour"> {
  return {
    gpuType: pod.gpuType ?? null,
    dataCenter: pod.dataCenter ?? null,
    spot: pod.spot,
    costPerHour: pod.costPerHour,
  };
}

/** undefined before the first deployment. */
function formerJob(olds: Properties): FormerJob | undefined {
  return Object.keys(olds).length === 0 ? undefined : jobOf(parsePodInputs(olds));
}

const publicPort = (inputs: PodInputs): number => Number.parseInt(inputs.ports[0] ?? "", 10);

function nextRevision(podId: string, revision: string): string {
  const [lastPod, count] = revision.split(":");
  return lastPod === podId ? `${podId}:${Number(count) + 1}` : `${podId}:1`;
}

/** The pod as the last deployment left it, for when RunPod does not answer. */
function recordedPod(olds: Properties): Pod {
  const job = jobOf(parsePodInputs(olds));
  const { podId, costPerHour, spot } = olds as unknown as PodState;
  return {
    ...job,
    id: podId ?? "",
    name: "",
    networkVolumeId: undefined,
    gpuCount: 1,
    desiredStatus: "RUNNING",
    statusDetail: "",
    containerRunning: true,
    spot: spot ?? false,
    costPerHour: costPerHour ?? 0,
    gpuType: undefined,
    dataCenter: undefined,
  };
}
