import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { perStack } from "./per-stack.ts";

/** What the last deployment of this stack left, by URN. */
export type HeldResources = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const answerSchema = z.object({
  outputs: z.record(z.string(), z.object({ outputs: z.record(z.string(), z.unknown()) })),
});

/**
 * Outputs of the resources that the stack holds before this run changes it. A program that is to declare a resource only while
 * it has to be made, and from then on for good, has to know.
 */
export const heldResources = perStack(ask);

async function ask(): Promise<HeldResources> {
  const organization = pulumi.getOrganization();
  // The name alone means the user's own organization, which may be another one.
  const stackName = `${organization}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const answer: unknown = await pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", { stackName });
  const { outputs } = answerSchema.parse(answer);
  return Object.fromEntries(Object.entries(outputs).map(([urn, resource]) => [urn, resource.outputs]));
}
