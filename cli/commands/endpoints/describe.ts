import { isMediaType } from "../../../contract/value-types.ts";
import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { aligned } from "../../output.ts";

/** Tells an endpoint's address and contract. */
export async function run(context: Context, appId: string): Promise<ExitCode> {
  const client = await openClient(context, appId);
  const contract = await client.contract();
  context.output.result({ app_id: appId, endpoint_url: client.url, contract }, () => [
    ...aligned([
      ["app", context.output.strong(appId)],
      ["endpoint", client.url],
      ["contract", `${contract.contract_id} ${contract.version}`],
    ]),
    "inputs",
    ...aligned(
      contract.inputs.map(({ name, type, required }) => [
        ...[`  ${name}`, isMediaType(type) ? `${type} (a file id)` : type],
        required ? "required" : "optional",
      ]),
    ),
    "outputs",
    ...aligned(contract.outputs.map(({ name, type }) => [`  ${name}`, type])),
  ]);
  return exitCodes.done;
}
