import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import { UserError } from "../../contract/errors.ts";
import { dockerTroubleOf } from "../../providers/image/docker/docker.ts";
import { engineFailure } from "./failure.ts";
import { locksAreStale } from "./lock.ts";
import { exportState, importState, type PulumiCli } from "./pulumi-cli.ts";

/**
 * Where Docker cannot be used, lets a stack forget what Docker built: it stays in its registry, where the program finds it.
 * @param onOutput told what was forgotten
 * @throws {UserError} with the engine's own reasons when it fails
 */
export async function forgetDockerImages(
  stack: Stack,
  cli: PulumiCli,
  onOutput: ((text: string) => void) | undefined,
): Promise<void> {
  const trouble = await dockerTroubleOf(cli.env);
  if (trouble === undefined) return;
  const rest = withoutDockerImages(await exportState(cli, stack.name));
  if (rest === undefined) return;
  let answer = await importState(cli, stack.name, rest.state);
  if (answer.failed && locksAreStale(answer.stderr)) {
    await stack.cancel();
    answer = await importState(cli, stack.name, rest.state);
  }
  if (answer.failed) throw engineFailure(`taking images out of the stack ${stack.name}`, [], answer.stderr);
  onOutput?.(`${trouble}; the stack goes on without ${rest.imageNames.join(", ")}, which its registry keeps.\n`);
}

/**
 * Why a run failed that leaves the state as it is, and so forgets no image.
 * @returns the error with what to do about it, when it may be for want of Docker
 */
export async function withDockerRemedy(error: unknown, stack: Stack, cli: PulumiCli): Promise<unknown> {
  if (!(error instanceof UserError)) return error;
  const trouble = await dockerTroubleOf(cli.env);
  const rest = trouble === undefined ? undefined : withoutDockerImages(await exportState(cli, stack.name));
  if (trouble === undefined || rest === undefined) return error;
  const remedy = `Pulumi wants Docker for whatever is done with a stack that has ${rest.imageNames.join(", ")}, and ${trouble}; start Docker, or deploy without a preview: cend deploy goes on without that image, which its registry keeps`;
  return new UserError(`${error.message}\n${remedy}`, [], { cause: error });
}

/** Of a resource in a state, what says on whom it depends; the rest is kept as it is. */
const resourceSchema = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  /** `<urn>::<id>` of what manages it. */
  provider: z.string().optional(),
  dependencies: z.array(z.string()).nullish(),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).nullish(),
});

const stateSchema = z.looseObject({
  deployment: z.looseObject({
    resources: z.array(resourceSchema).nullish(),
    pending_operations: z.array(z.looseObject({ resource: resourceSchema })).nullish(),
  }),
});

type Resource = z.output<typeof resourceSchema>;

const imageType = "docker:index/image:Image";
const providerType = "pulumi:providers:docker";

/**
 * A stack's state without the images that Docker built: a stack that has one can be neither updated nor destroyed where no
 * Docker runs, though nothing would be done to it.
 * @param state as `pulumi stack export` prints it
 * @returns undefined when there is none in it
 */
export function withoutDockerImages(state: unknown): { state: object; imageNames: string[] } | undefined {
  const { deployment, ...rest } = stateSchema.parse(state);
  const resources = deployment.resources ?? [];
  const pending = deployment.pending_operations ?? [];
  const images = [...resources, ...pending.map(({ resource }) => resource)].filter(({ type }) => type === imageType);
  if (images.length === 0) return undefined;

  const others = resources.filter(({ type }) => type !== imageType);
  const otherPending = pending.filter(({ resource }) => resource.type !== imageType);
  // A program of somebody else's may have containers as well: their provider stays.
  const managing = [...others, ...otherPending.map(({ resource }) => resource)].map(({ provider }) => provider ?? "");
  const isIdle = ({ type, urn }: Resource): boolean =>
    type === providerType && !managing.some((provider) => provider.startsWith(`${urn}::`));
  const gone = new Set([...images, ...others.filter(isIdle)].map(({ urn }) => urn));
  const kept = {
    ...deployment,
    resources: others.filter(({ urn }) => !gone.has(urn)).map((resource) => independentOf(resource, gone)),
    pending_operations: otherPending,
  };
  const imageNames = images.map(({ id, urn }) => id ?? urn.slice(urn.lastIndexOf("::") + 2));
  return { state: { ...rest, deployment: kept }, imageNames: [...new Set(imageNames)] };
}

function independentOf(resource: Resource, gone: ReadonlySet<string>): Resource {
  const { dependencies, propertyDependencies } = resource;
  const without = (urns: readonly string[]): string[] => urns.filter((urn) => !gone.has(urn));
  const properties = Object.entries(propertyDependencies ?? {}).map(([name, urns]) => [name, without(urns ?? [])]);
  return {
    ...resource,
    ...(dependencies && { dependencies: without(dependencies) }),
    ...(propertyDependencies && { propertyDependencies: Object.fromEntries(properties) as Record<string, string[]> }),
  };
}
