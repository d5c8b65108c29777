import type { Context } from "../../context.ts";
import { findDeployment, notDeployed, withEngine } from "../../deployments.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { changeWords } from "../../stacks/changes.ts";

/** Reads what became of a deployment at RunPod into its state; the next `deploy` mends it. */
export async function run(context: Context, appId: string): Promise<ExitCode> {
  const { output } = context;
  const deployment = await findDeployment(context, appId);
  if (deployment === undefined) throw notDeployed(context, appId);
  const { changes } = await withEngine(context, `refreshing ${appId}`, (options) => deployment.refresh(options));
  output.result({ app_id: appId, changes }, () => [changeWords(changes)]);
  return exitCodes.done;
}
