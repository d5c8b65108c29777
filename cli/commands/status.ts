import type { Context } from "../context.ts";
import { endpointState, openEndpoint } from "../endpoint.ts";
import type { ExitCode } from "../exit-code.ts";
import { aligned } from "../output.ts";

/** Tells whether a deployed app's endpoint can be used, by asking it. */
export async function run(context: Context, appId: string): Promise<ExitCode> {
  const { outputs, client } = await openEndpoint(context, appId);
  const { state, detail } = await endpointState(client);
  const document = {
    app_id: appId,
    deployment_id: outputs.podId,
    state,
    endpoint_url: outputs.endpointUrl,
    metadata: {
      image_ref: outputs.imageRef,
      contract_id: outputs.contract.contract_id,
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
  return 0;
}
