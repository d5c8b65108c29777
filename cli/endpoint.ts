import { type Client, createClient } from "./client.ts";
import type { Context } from "./context.ts";
import { deployedEndpoint, startedEndpoint } from "./deployments.ts";
import { HttpError } from "./http/http-error.ts";
import type { EndpointOutputs, StartedEndpoint } from "./stacks/outputs.ts";

/** A deployed app and the API that it answers. */
export interface Endpoint<Outputs = EndpointOutputs> {
  appId: string;
  outputs: Outputs;
  client: Client;
}

/** @throws {UserError} when the app is not deployed */
export async function openEndpoint(context: Context, appId: string): Promise<Endpoint> {
  const outputs = await deployedEndpoint(context, appId);
  return { appId, outputs, client: clientOf(context, appId, outputs) };
}

/**
 * The same of an app whose endpoint is not ready yet, or never became so.
 * @throws {UserError} when it has no pod
 */
export async function openStarted(context: Context, appId: string): Promise<Endpoint<StartedEndpoint>> {
  const outputs = await startedEndpoint(context, appId);
  return { appId, outputs, client: clientOf(context, appId, outputs) };
}

const urlPrefix = "COMFY_ENDPOINTS_URL_";

/** How an app is called in the names of environment variables. */
export const variableOf = (appId: string): string => appId.toUpperCase().replace(/[^A-Z0-9]/g, "_");

/** Apps whose address the environment tells, `COMFY_ENDPOINTS_URL_<APP>`: endpoints that were not deployed from here. */
export const addressedApps = ({ env }: Pick<Context, "env">): string[] =>
  Object.keys(env)
    .filter((name) => name.startsWith(urlPrefix) && (env[name] ?? "") !== "")
    .map((name) => name.slice(urlPrefix.length).toLowerCase());

/** The address that the environment tells of an app. */
export function addressOf({ env }: Pick<Context, "env">, appId: string): string | undefined {
  const url = env[urlPrefix + variableOf(appId)];
  return url === "" ? undefined : url;
}

/**
 * The API of an app: at the address that the environment tells, else where it is deployed.
 * @throws {UserError} when there is none
 */
export async function openClient(context: Context, appId: string): Promise<Client> {
  const url = addressOf(context, appId);
  return url === undefined ? (await openEndpoint(context, appId)).client : newClient(context, appId, url, undefined);
}

/** The client of an endpoint; the environment's key wins over the stack's. */
export const clientOf = (context: Context, appId: string, outputs: StartedEndpoint): Client =>
  newClient(context, appId, outputs.endpointUrl, outputs.apiKey);

function newClient(context: Context, appId: string, url: string, deployedKey: string | undefined): Client {
  const { env, version, interrupted } = context;
  const ownKey = `COMFY_ENDPOINTS_API_KEY_${variableOf(appId)}`;
  const remedy = `set COMFY_ENDPOINTS_API_KEY or ${ownKey}`;
  return createClient({
    url,
    apiKey: env[ownKey] ?? env["COMFY_ENDPOINTS_API_KEY"] ?? deployedKey,
    keyRemedy: deployedKey === undefined ? remedy : `${remedy}, or leave both unset to use the key of the deployment`,
    // Of an endpoint that is only addressed nobody knows more.
    silenceRemedy: deployedKey === undefined ? undefined : `cend status ${appId} tells how its pod is`,
    userAgent: `comfy-endpoints/${version}`,
    signal: interrupted,
  });
}

/** Whether an endpoint can be used: the words are the original's. */
export type EndpointState = "READY" | "BOOTSTRAPPING" | "FAILED" | "DEGRADED";

/** Asks the endpoint itself; a pod that runs may still have a gateway that does not answer. */
export async function endpointState(client: Client): Promise<{
  state: EndpointState;
  /** Whether a gateway answered, be it well or not. */
  answered: boolean;
  detail: string;
}> {
  try {
    const { status, phase, detail } = await client.health();
    const states = { ok: "READY", starting: "BOOTSTRAPPING", draining: "DEGRADED", failed: "FAILED" } as const;
    const what = status === "draining" ? status : phase;
    return { state: states[status], answered: true, detail: detail === undefined ? what : `${what}: ${detail}` };
  } catch (error) {
    if (error instanceof HttpError) return { state: "DEGRADED", answered: false, detail: error.message };
    throw error;
  }
}
