import { type Client, createClient } from "./client.ts";
import type { Context } from "./context.ts";
import { deployedEndpoint } from "./deployments.ts";
import { HttpError } from "./http-error.ts";
import type { EndpointOutputs } from "./stacks/outputs.ts";

/** A deployed app and the API that it answers. */
export interface Endpoint {
  appId: string;
  outputs: EndpointOutputs;
  client: Client;
}

/** @throws {UserError} when the app is not deployed */
export async function openEndpoint(context: Context, appId: string): Promise<Endpoint> {
  const outputs = await deployedEndpoint(context, appId);
  return { appId, outputs, client: clientOf(context, appId, outputs) };
}

/** The client of an endpoint; the environment's key wins over the stack's. */
export function clientOf({ env, version, interrupted }: Context, appId: string, outputs: EndpointOutputs): Client {
  const ownKey = `COMFY_ENDPOINTS_API_KEY_${appId.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
  return createClient({
    url: outputs.endpointUrl,
    apiKey: env[ownKey] ?? env["COMFY_ENDPOINTS_API_KEY"] ?? outputs.apiKey,
    keyRemedy: `set COMFY_ENDPOINTS_API_KEY or ${ownKey}, or leave both unset to use the key of the deployment`,
    userAgent: `comfy-endpoints/${version}`,
    signal: interrupted,
  });
}

/** Whether an endpoint can be used: the words are the original's. */
export type EndpointState = "READY" | "BOOTSTRAPPING" | "FAILED" | "DEGRADED";

/** Asks the endpoint itself; a pod that runs may still have a gateway that does not answer. */
export async function endpointState(client: Client): Promise<{ state: EndpointState; detail: string }> {
  try {
    const { status, phase, detail } = await client.health();
    const states = { ok: "READY", starting: "BOOTSTRAPPING", failed: "FAILED" } as const;
    return { state: states[status], detail: detail === undefined ? phase : `${phase}: ${detail}` };
  } catch (error) {
    if (error instanceof HttpError) return { state: "DEGRADED", detail: error.message };
    throw error;
  }
}
