import { stripVTControlCharacters } from "node:util";
import type { Context } from "./context.ts";
import { NotFoundError } from "./errors.ts";
import { showClock } from "./live.ts";
import { didYouMean } from "./similar.ts";
import type { Deployment } from "./stacks/deployment.ts";
import { findEngine } from "./stacks/engine.ts";
import type { RunOptions } from "./stacks/operation.ts";
import type { EndpointOutputs } from "./stacks/outputs.ts";
import { endpointStacks, type ProjectOptions, pulumiCli, readConfig, readOutputs } from "./stacks/pulumi-cli.ts";
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
  throw notDeployed(context, appId);
}

/** The error of an app that is not deployed, which names what is. */
export function notDeployed({ stateDir }: Context, appId: string): NotFoundError {
  const known = knownStacks(stateDir);
  const there = known.length === 0 ? "deploy it first: cend deploy <app.json>" : `deployed are ${known.join(", ")}`;
  return new NotFoundError(`"${appId}" is not deployed${didYouMean(appId, known)}; ${there}`);
}

/**
 * Runs the engine for a user: its output is passed on, an interruption ends it in order.
 * @param doing what it does, as the line says that changes meanwhile
 */
export async function withEngine<T>(
  { output, interrupted }: Context,
  doing: string,
  run: (options: RunOptions) => Promise<T>,
): Promise<T> {
  let news = "";
  const { end } = showClock(output, () => doing + news);
  const onOutput = (text: string): void => {
    const told = progressIn(text);
    if (told !== undefined) news = `: ${told}`;
    output.pass(text);
  };
  try {
    return await run({ onOutput, color: output.color, signal: interrupted });
  } finally {
    end();
  }
}

/** What a resource last said of how far it is, in output of the engine: `endpoint-ready: models: flux 41 %`. */
function progressIn(text: string): string | undefined {
  const told = [...stripVTControlCharacters(text).matchAll(/ creating \(.*?\) \S+: (.+)/g)].at(-1)?.[1];
  return told?.startsWith("warning") === true ? undefined : told?.trim();
}

/** What an app's deployment is configured with; undefined when nothing is set. */
export const deploymentConfig = async (context: Context, appId: string, key: string): Promise<string | undefined> =>
  readConfig(pulumiCli(await projectOptions(context)), appId, key);

/** Apps that are deployed, as far as this machine knows. */
export const deployedApps = async (context: Context): Promise<string[]> =>
  usesSharedBackend(context.env)
    ? await endpointStacks(pulumiCli(await projectOptions(context)))
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
