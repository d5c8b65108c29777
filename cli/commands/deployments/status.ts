import { UserError } from "../../../contract/errors.ts";
import type { Context } from "../../context.ts";
import { endpointState, openStarted } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { aligned } from "../../output.ts";
import { openRunPod } from "../../runpod.ts";
import type { StartedEndpoint } from "../../stacks/outputs.ts";

/** Tells whether a deployed app's endpoint can be used, by asking it. */
export async function run(context: Context, appId: string): Promise<ExitCode> {
  const { outputs, client } = await openStarted(context, appId);
  const { state, answered, detail: told } = await endpointState(client);
  const detail = (answered ? undefined : await podTrouble(context, appId, outputs)) ?? told;
  const document = {
    app_id: appId,
    deployment_id: outputs.podId,
    state,
    endpoint_url: outputs.endpointUrl,
    metadata: {
      image_ref: outputs.imageRef,
      contract_id: outputs.contract?.contract_id ?? null,
      status_detail: detail,
      gpu_type: outputs.gpuType,
      data_center: outputs.dataCenter,
      cost_per_hour: outputs.costPerHour,
    },
  };
  context.output.result(document, () =>
    aligned([
      ["app", context.output.strong(appId)],
      ["state", state === "READY" ? state : `${state} (${detail})`],
      ["endpoint", outputs.endpointUrl],
      ["pod", `${outputs.podId}, ${outputs.imageRef}`],
      ["GPU", `${outputs.gpuType} in ${outputs.dataCenter}`],
      ["cost", `${outputs.costPerHour.toFixed(2)} USD per hour`],
    ]),
  );
  return exitCodes.done;
}

/** Why a pod's endpoint does not answer, and what to do; undefined when RunPod does not know either. */
async function podTrouble(
  context: Context,
  appId: string,
  { podId, contract }: StartedEndpoint,
): Promise<string | undefined> {
  try {
    const pod = await (await openRunPod(context, appId)).findPod(podId);
    const deploy = `cend deploy <app.json of ${appId}>`;
    if (pod === undefined) return `pod ${podId} is gone; rent another one: ${deploy}`;
    if (pod.desiredStatus !== "EXITED") return undefined;
    // An app that never was ready is deployed by a deployment only.
    const start = contract === undefined ? deploy : `cend wake ${appId}`;
    return `pod ${podId} is stopped; start it again: ${start}`;
  } catch (error) {
    // Without RunPod what the endpoint said has to do.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
