import { UserError } from "../../../contract/errors.ts";
import type { Context } from "../../context.ts";
import { addressOf, endpointState, openClient, openStarted } from "../../endpoint.ts";
import { knownApps } from "../../endpoints.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { aligned } from "../../output.ts";

interface Item {
  app_id: string;
  deployment_id: string | null;
  endpoint_url: string | null;
  state: string;
  health: "healthy" | "unhealthy" | "unreachable" | "unknown";
  detail: string;
}

/** Lists every endpoint there is, and asks each whether it is well. */
export async function run(context: Context): Promise<ExitCode> {
  const apps = await knownApps(context);
  const items = await Promise.all(apps.map((appId) => describe(context, appId)));
  context.output.result({ items }, () =>
    items.length === 0
      ? ["nothing is deployed"]
      : aligned([
          ["app", "state", "health", "endpoint"],
          ...items.map(({ app_id, state, health, endpoint_url, detail }) => [
            ...[app_id, state, health],
            health === "healthy" ? (endpoint_url ?? "") : `${endpoint_url ?? "-"} (${detail})`,
          ]),
        ]),
  );
  return exitCodes.done;
}

async function describe(context: Context, appId: string): Promise<Item> {
  try {
    const deployed = addressOf(context, appId) === undefined ? await openStarted(context, appId) : undefined;
    const client = deployed?.client ?? (await openClient(context, appId));
    const { state, answered, detail } = await endpointState(client);
    const health = state === "READY" ? "healthy" : answered ? "unhealthy" : "unreachable";
    return {
      ...{ app_id: appId, deployment_id: deployed?.outputs.podId ?? null, endpoint_url: client.url },
      ...{ state, health, detail },
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const unknown = { deployment_id: null, endpoint_url: null, state: "UNKNOWN", health: "unknown" } as const;
    return { app_id: appId, ...unknown, detail: error.message };
  }
}
