import type { RunPodApi } from "../providers/runpod/api/api.ts";
import { connect } from "../providers/runpod/api/connection.ts";
import type { Context } from "./context.ts";
import { deploymentConfig } from "./deployments.ts";

/**
 * RunPod with the user's key: of the environment, else of the deployment's config.
 * @throws {UserError} when there is no key
 */
export async function openRunPod(context: Context, appId: string): Promise<RunPodApi> {
  const isSet = (context.env["RUNPOD_API_KEY"] ?? "") !== "";
  return connect(isSet ? undefined : await deploymentConfig(context, appId, "runpodApiKey"));
}
