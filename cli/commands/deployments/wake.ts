import { UserError } from "../../../contract/errors.ts";
import type { RunPodApi } from "../../../providers/runpod/api/api.ts";
import { isRefusal } from "../../../providers/runpod/api/errors.ts";
import { resume } from "../../../providers/runpod/pod/resume.ts";
import { usualPaces, waitUntilReady } from "../../../providers/runpod/ready/wait.ts";
import type { Context } from "../../context.ts";
import { endpointState, openEndpoint } from "../../endpoint.ts";
import { NotFoundError, TimedOutError } from "../../errors.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { aligned } from "../../output.ts";
import { openRunPod } from "../../runpod.ts";
import type { EndpointOutputs } from "../../stacks/outputs.ts";

export interface WakeOptions {
  /** Whether the endpoint is waited for. */
  wait: boolean;
  /** How long its boot may come no further. */
  timeoutSeconds: number;
}

/** Starts the stopped pod of a deployed app again, as it is, and waits until its endpoint takes runs. */
export async function run(context: Context, appId: string, { wait, timeoutSeconds }: WakeOptions): Promise<ExitCode> {
  const { outputs, client } = await openEndpoint(context, appId);
  const api = await openRunPod(context, appId);
  const woken = await wakePod(api, appId, outputs);
  if (woken) context.output.note(`pod ${outputs.podId} starts; it costs ${price(outputs)} again`);
  if (wait) await becomeReady(context, api, outputs, timeoutSeconds);
  const state = wait ? "READY" : woken ? "BOOTSTRAPPING" : (await endpointState(client)).state;
  const document = {
    app_id: appId,
    deployment_id: outputs.podId,
    state,
    endpoint_url: outputs.endpointUrl,
    woken,
  };
  context.output.result(document, () =>
    aligned([
      ["endpoint", context.output.strong(outputs.endpointUrl)],
      ["state", woken ? state : `${state} (its pod was not stopped)`],
      ["cost", price(outputs)],
    ]),
  );
  return exitCodes.done;
}

/** @returns false when the pod runs already */
async function wakePod(api: RunPodApi, appId: string, { podId, costPerHour }: EndpointOutputs): Promise<boolean> {
  const pod = await api.findPod(podId);
  if (pod === undefined || pod.desiredStatus === "TERMINATED") {
    throw new NotFoundError(`pod ${podId} is gone; rent another one: cend deploy <app.json of ${appId}>`);
  }
  if (pod.desiredStatus === "RUNNING") return false;
  try {
    // Only a deployment knows what a pod may cost at most.
    await resume(api, pod, costPerHour);
  } catch (error) {
    if (!isRefusal(error, "capacity")) throw error;
    const remedy = `try again later, or let it be placed elsewhere: cend deploy <app.json of ${appId}>`;
    throw new UserError(`pod ${podId} cannot start again: ${error.message}; ${remedy}`, [], { cause: error });
  }
  return true;
}

async function becomeReady(
  context: Context,
  api: RunPodApi,
  outputs: EndpointOutputs,
  readyTimeoutSeconds: number,
): Promise<void> {
  const { endpointUrl, podId } = outputs;
  const note = (line: string): void => context.output.note(line);
  const outcome = await waitUntilReady(
    { endpointUrl, podId, readyTimeoutSeconds, restarted: false },
    {
      ...{ api, log: note, warn: note, paces: usualPaces },
      interruption: () => Promise.resolve(context.interrupted.aborted ? "you stopped waiting" : undefined),
      now: () => performance.now(),
    },
  );
  if (outcome.kind === "ready") return;
  if (outcome.kind === "stopped" || outcome.kind === "gone") throw new UserError(outcome.reason);
  const after = `pod ${podId} runs on and costs ${price(outputs)}`;
  if (outcome.kind !== "stuck") throw new UserError(`${outcome.reason}\n${after}`);
  throw new TimedOutError(`${outcome.reason}; look at its log, or wait longer with --timeout-seconds\n${after}`);
}

const price = ({ costPerHour }: EndpointOutputs): string => `${costPerHour.toFixed(2)} USD per hour`;
