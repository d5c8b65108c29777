import { readFileSync } from "node:fs";
import type { Context } from "./context.ts";
import { NotFoundError } from "./errors.ts";
import { showClock } from "./live.ts";
import { didYouMean } from "./similar.ts";
import type { Deployment } from "./stacks/deployment.ts";
import { findEngine } from "./stacks/engine.ts";
import type { EngineNews } from "./stacks/news.ts";
import type { RunOptions } from "./stacks/operation.ts";
import type { EndpointOutputs, StartedEndpoint } from "./stacks/outputs.ts";
import {
  endpointStacks,
  type ProjectOptions,
  type PulumiCli,
  pulumiCli,
  readConfig,
  readOutputs,
  readStarted,
} from "./stacks/pulumi-cli.ts";
import { knownStacks, usesSharedBackend } from "./stacks/state-dir.ts";

/** The app's deployment, made when there is none. */
export async function createDeployment(context: Context, appId: string): Promise<Deployment> {
  const { project, deployments } = await openProject(context);
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
export const deployedEndpoint = (context: Context, appId: string): Promise<EndpointOutputs> =>
  readEndpoint(context, appId, readOutputs);

/** The same of a deployment that is under way, or did not finish. */
export const startedEndpoint = (context: Context, appId: string): Promise<StartedEndpoint> =>
  readEndpoint(context, appId, readStarted);

async function readEndpoint<T>(
  context: Context,
  appId: string,
  read: (cli: PulumiCli, stackName: string) => Promise<T | undefined>,
): Promise<T> {
  if (mayBeDeployed(context, appId)) {
    const outputs = await read(await openCli(context), appId);
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
 * Runs the engine for a user: a person is shown what it does, elsewhere its output is passed on as it is. An interruption
 * ends it in order.
 * @param doing what it does, as the line says that changes meanwhile
 */
export async function withEngine<T>(
  { output, interrupted }: Context,
  doing: string,
  run: (options: RunOptions) => Promise<T>,
): Promise<T> {
  let news = "";
  const { draw, end } = showClock(output, () => doing + news);
  const onNews = ({ line, progress }: EngineNews): void => {
    news = progress === undefined ? "" : `: ${progress}`;
    if (line !== undefined) output.note(line.text, lineColors[line.kind]);
    draw();
  };
  const onOutput = (text: string): void => output.pass(text);
  try {
    return await run({ onOutput, ...(output.live && { onNews }), signal: interrupted });
  } finally {
    end();
  }
}

const lineColors = { done: "green", warning: "yellow", told: undefined } as const;

/** What an app's deployment is configured with; undefined when nothing is set. */
export const deploymentConfig = async (context: Context, appId: string, key: string): Promise<string | undefined> =>
  readConfig(await openCli(context), appId, key);

/** Apps that are deployed, as far as this machine knows. */
export const deployedApps = async (context: Context): Promise<string[]> =>
  usesSharedBackend(context.env) ? await endpointStacks(await openCli(context)) : knownStacks(context.stateDir);

/** A state folder of its own knows its stacks, without an engine. */
const mayBeDeployed = ({ env, stateDir }: Context, appId: string): boolean =>
  usesSharedBackend(env) || knownStacks(stateDir).includes(appId);

async function projectOptions({ env, stateDir, output, interrupted }: Context): Promise<ProjectOptions> {
  return { stateDir, env, engine: await findEngine(env, (line) => output.note(line), interrupted) };
}

// Pulumi's Automation API takes most of a second to load: only commands that change something pay for it.
async function openProject(context: Context) {
  const [projects, deployments] = await Promise.all([import("./stacks/project.ts"), import("./stacks/deployment.ts")]);
  const project = await projects.openProject(await projectOptions(context));
  tellPassphrase(context, project.cli);
  return { project, deployments };
}

async function openCli(context: Context): Promise<PulumiCli> {
  const cli = pulumiCli(await projectOptions(context));
  tellPassphrase(context, cli);
  return cli;
}

/** Shows a passphrase that was made just now: itself to a person only, for logs are kept. */
function tellPassphrase({ output }: Context, { newPassphraseFile: file }: PulumiCli): void {
  if (file === undefined) return;
  const itself = output.live ? `: ${readFileSync(file, "utf8")}` : "";
  output.note(`A new passphrase locks the secrets of deployments; keep a copy of ${file}${itself}`);
}
