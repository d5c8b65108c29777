import { openApp } from "../../app.ts";
import { rememberContract } from "../../completion/contracts.ts";
import type { Context } from "../../context.ts";
import { createDeployment, withEngine } from "../../deployments.ts";
import { clientOf, endpointState } from "../../endpoint.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { exampleCommand } from "../../invoke/help.ts";
import { aligned } from "../../output.ts";
import { changeWords } from "../../stacks/changes.ts";
import { readSettings } from "../../stacks/settings.ts";

export interface DeployOptions {
  /** The original took everything down before it deployed again, unless it was told to keep it. */
  keepExisting?: true;
  /** Config of the stack: `key=value` each. */
  config?: string[];
}

/** Deploys an app, or brings its deployment up to date. */
export async function run(context: Context, spec: string, options: DeployOptions): Promise<ExitCode> {
  const { output } = context;
  const settings = readSettings(options.config ?? [], context.env);
  if (options.keepExisting === true) {
    output.note("warning: --keep-existing changes nothing; an endpoint always serves until its replacement does");
  }
  // Its warnings are the program's to tell, in the engine's output.
  const { app, appFile } = openApp(context, spec);

  const deployment = await createDeployment(context, app.app_id);
  await deployment.configure({ app: appFile, settings });
  const up = withEngine(context, `deploying ${app.app_id}`, (engine) => deployment.up(engine));
  const { changes, outputs } = await up.catch(async (error: unknown) => {
    // Tidiness only: what went wrong is the error that matters.
    await deployment.removeIfEmpty().catch(() => undefined);
    throw error;
  });

  rememberContract(context, app.app_id, outputs.contract);
  const { state, detail } = await endpointState(clientOf(context, app.app_id, outputs));
  const document = {
    app_id: app.app_id,
    deployment_id: outputs.podId,
    state,
    endpoint_url: outputs.endpointUrl,
    api_key_ref: `stack output apiKey of ${app.app_id}`,
  };
  output.result(document, () => [
    "",
    ...aligned([
      ["endpoint", output.strong(outputs.endpointUrl)],
      ["state", state === "READY" ? state : `${state} (${detail})`],
      ["resources", changeWords(changes)],
      ["GPU", `${outputs.gpuType} in ${outputs.dataCenter}`],
      ["cost", `${outputs.costPerHour.toFixed(2)} USD per hour, until you run: cend destroy ${app.app_id}`],
      ["invoke", exampleCommand(app.app_id, outputs.contract)],
    ]),
  ]);
  return state === "READY" ? exitCodes.done : exitCodes.failed;
}
