import { z } from "zod";
import type { RunPodApi } from "./api.ts";
import { createGraphQlClient, type GraphQlClientOptions } from "./graphql-client.ts";
import { createPodsApi } from "./graphql-pods.ts";
import { createStorageApi } from "./graphql-storage.ts";
import { createLogsApi } from "./rest-logs.ts";

export interface GraphQlApiOptions extends GraphQlClientOptions {
  /** Address of a pod's port, with `{podId}` and `{port}`. */
  proxyUrl: string;
}

const accountAnswer = z.object({
  myself: z.object({ clientBalance: z.number().nullish(), currentSpendPerHr: z.number().nullish() }),
});

/** RunPod's GraphQL API, and REST for the one thing that GraphQL does not have. */
export function createGraphQlApi(options: GraphQlApiOptions): RunPodApi {
  const client = createGraphQlClient(options);
  return {
    authenticate: async () => {
      await client.query("authenticate", z.object({ myself: z.object({ id: z.string().nullish() }) }));
    },
    account: async () => {
      const { myself } = await client.query("account", accountAnswer);
      return { balance: myself.clientBalance ?? undefined, spendPerHour: myself.currentSpendPerHr ?? undefined };
    },
    ...createPodsApi(client, options.proxyUrl),
    ...createStorageApi(client),
    ...createLogsApi(options),
  };
}
