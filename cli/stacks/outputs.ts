import { z } from "zod";
import { UserError } from "../../contract/errors.ts";
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

/** @throws {UserError} when the outputs lack something: the stack's deployment never got as far as an endpoint */
export function endpointOutputs(outputs: unknown, stackName: string): EndpointOutputs {
  const parsed = endpointSchema.safeParse(outputs);
  if (parsed.success) return parsed.data;
  throw new UserError(`the deployment of ${stackName} did not finish; deploy it again, or destroy it`, [], {
    cause: parsed.error,
  });
}
