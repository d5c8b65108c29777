import { z } from "zod";
import { createGraphQlClient, type GraphQlClientOptions } from "./graphql-client.ts";

/** A pod's view of itself, with the key that RunPod puts into it. */
export interface OwnPod {
  /** USD for an hour of the whole pod; undefined when RunPod does not say. */
  costPerHour(): Promise<number | undefined>;
  /** RunPod ends the container soon after; the pod keeps its volume, and can be resumed. */
  stop(): Promise<void>;
}

/** @param podId the pod in which this runs */
export function createOwnPod(podId: string, options: GraphQlClientOptions): OwnPod {
  const client = createGraphQlClient(options);
  return {
    costPerHour: async () => {
      const answer = z.object({ pod: z.object({ costPerHr: z.number().nullish() }).nullish() });
      const { pod } = await client.query("podCost", answer, { input: { podId } });
      return pod?.costPerHr ?? undefined;
    },
    stop: async () => {
      await client.mutate("stopPod", z.unknown(), { input: { podId } });
    },
  };
}
