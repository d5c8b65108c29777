import { z } from "zod";
import { UserError } from "../../contract/errors.ts";
import { podEnv } from "../../contract/pod-env.ts";
import { workflowContractSchema } from "../../contract/workflow-contract.ts";

const endpointSchema = z.object({
  endpointUrl: z.string(),
  apiKey: z.string(),
  podId: z.string(),
  imageRef: z.string(),
  gpuType: z.string(),
  dataCenter: z.string(),
  /** USD per hour for the whole pod. */
  costPerHour: z.number(),
  contract: workflowContractSchema,
});

/** What a stack tells about its endpoint. */
export type EndpointOutputs = z.output<typeof endpointSchema>;

/** What is known of an endpoint as soon as its pod is there: before it is ready, and when its boot failed. */
export type StartedEndpoint = Omit<EndpointOutputs, "apiKey" | "contract"> & {
  apiKey?: string | undefined;
  contract?: EndpointOutputs["contract"] | undefined;
};

/** A deployment that never got as far as an endpoint. */
export class UnfinishedDeployment extends UserError {}

/** @throws {UnfinishedDeployment} when the outputs lack something */
export function endpointOutputs(outputs: unknown, stackName: string): EndpointOutputs {
  const parsed = endpointSchema.safeParse(outputs);
  if (parsed.success) return parsed.data;
  const message = `the deployment of ${stackName} did not finish; deploy it again, or destroy it`;
  throw new UnfinishedDeployment(message, [], { cause: parsed.error });
}

const podState = z.object({
  ...{ endpointUrl: z.string(), podId: z.string(), image: z.string(), costPerHour: z.number() },
  gpuType: z.string().nullable(),
  dataCenter: z.string().nullable(),
  /** A secret, shown: its JSON. */
  env: z.object({ plaintext: z.string() }).optional().catch(undefined),
});

const stackState = z.object({
  deployment: z.object({
    resources: z.array(z.object({ type: z.string(), outputs: z.unknown().optional() })).nullish(),
  }),
});

/**
 * The endpoint of a pod that a stack's state holds; undefined when it holds none.
 * @param state as `pulumi stack export --show-secrets` prints it
 */
export function startedEndpoint(state: unknown): StartedEndpoint | undefined {
  const resources = stackState.parse(state).deployment.resources ?? [];
  const pod = resources.findLast(({ type }) => type.endsWith("dynamic/comfy-endpoints:RunPodPod"));
  const found = podState.safeParse(pod?.outputs).data;
  if (found === undefined) return undefined;
  const { endpointUrl, podId, image, costPerHour, gpuType, dataCenter, env } = found;
  const variables = JSON.parse(env?.plaintext ?? "{}") as Record<string, string | undefined>;
  return {
    ...{ endpointUrl, podId, costPerHour, imageRef: image, apiKey: variables[podEnv.apiKey] },
    ...{ gpuType: gpuType ?? "unknown", dataCenter: dataCenter ?? "unknown" },
  };
}
