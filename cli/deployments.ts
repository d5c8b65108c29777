import type { Context } from "./context.ts";
import { NotFoundError } from "./errors.ts";
import type { Deployment } from "./stacks/deployment.ts";
import { findEngine } from "./stacks/engine.ts";
import type { EndpointOutputs } from "./stacks/outputs.ts";
import { listStacks, type ProjectOptions, pulumiCli, readConfig, readOutputs } from "./stacks/pulumi-cli.ts";
import { knownStacks, usesSharedBackend } from "./stacks/state-dir.ts";

/** The app's deployment, made when there is none. */
export async function createDeployment(context: Context, appId: string): Promise<Deployment> {
  const { stateDir, output } = context;
  const { project, deployments } = await openProject(context);
  const { newPassphraseFile } = project.cli;
  if (newPassphraseFile !== undefined) {
    output.note(`Deployments are recorded in ${stateDir}; ${newPassphraseFile} unlocks their secrets.`);
  }
  return deployments.createDeployment(project, appId);
}

/** The app's deployment; undefined when there is none. */
export async function findDeployment(context: Context, appId: string): Promise<Deployment | undefined> {
  if (!mayBeDeployed(context, appId)) return undefined;
  const { project, deployments } = await openProject(context);
  return deployments.openDeployment(project, appId);
}

/**
 * What an app's deployment tells about its endpoint.
 * @throws {NotFoundError} when it is not deployed, naming what is
 */
export async function deployedEndpoint(context: Context, appId: string): Promise<EndpointOutputs> {
  if (mayBeDeployed(context, appId)) {
    const outputs = await readOutputs(pulumiCli(await projectOptions(context)), appId);
    if (outputs !== undefined) return outputs;
  }
  const known = knownStacks(context.stateDir);
  const there = known.length === 0 ? "deploy it first: cend deploy <app.json>" : `deployed are ${known.join(", ")}`;
  throw new NotFoundError(`"${appId}" is not deployed; ${there}`);
}

/** What an app's deployment is configured with; undefined when nothing is set. */
export const deploymentConfig = async (context: Context, appId: string, key: string): Promise<string | undefined> =>
  readConfig(pulumiCli(await projectOptions(context)), appId, key);

/** Apps that are deployed, as far as this machine knows. */
export const deployedApps = async (context: Context): Promise<string[]> =>
  usesSharedBackend(context.env)
    ? await listStacks(pulumiCli(await projectOptions(context)))
    : knownStacks(context.stateDir);

/** A state folder of its own knows its stacks, without an engine. */
const mayBeDeployed = ({ env, stateDir }: Context, appId: string): boolean =>
  usesSharedBackend(env) || knownStacks(stateDir).includes(appId);

async function projectOptions({ env, stateDir, output, interrupted }: Context): Promise<ProjectOptions> {
  return { stateDir, env, engine: await findEngine(env, (line) => output.note(line), interrupted) };
}

// Pulumi's Automation API takes most of a second to load: only commands that change something pay for it.
async function openProject(context: Context) {
  const [projects, deployments] = await Promise.all([import("./stacks/project.ts"), import("./stacks/deployment.ts")]);
  return { project: await projects.openProject(await projectOptions(context)), deployments };
}
