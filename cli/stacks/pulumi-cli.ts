import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { z } from "zod";
import type { Env } from "../../providers/runpod/env-files.ts";
import { engineFailure } from "./failure.ts";
import {
  type EndpointOutputs,
  endpointOutputs,
  type StartedEndpoint,
  startedEndpoint,
  UnfinishedDeployment,
} from "./outputs.ts";
import { prepareStateDir } from "./state-dir.ts";

/** The Pulumi that is driven. */
export interface Engine {
  /** Path of the `pulumi` binary. */
  pulumi: string;
  /** Environment that its commands run in, with its language host on PATH. */
  env: Env;
}

export interface ProjectOptions {
  stateDir: string;
  env: Env;
  engine: Engine;
  /**
   * Path of the program.
   * @default the index.ts of this repository
   */
  program?: string;
}

/** Pulumi's command line in one state folder. */
export interface PulumiCli {
  command: string;
  folder: string;
  env: Env;
  /** File that unlocks the secrets in the state, when this call made it. */
  newPassphraseFile: string | undefined;
}

const repositoryProgram = resolve(import.meta.dirname, "../../index.ts");

/** Readies the state folder, and tells how Pulumi is to be run in it. */
export function pulumiCli({ stateDir, env, engine, program = repositoryProgram }: ProjectOptions): PulumiCli {
  const folder = resolve(stateDir);
  const state = prepareStateDir(folder, program, env);
  const settings = { PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL: "true" };
  return {
    command: engine.pulumi,
    folder,
    env: { ...env, ...engine.env, ...state.env, ...settings },
    newPassphraseFile: state.newPassphraseFile,
  };
}

/**
 * What a stack tells about its endpoint; undefined when there is no such stack. One command instead of the Automation
 * API's four, which calls of an endpoint would wait for.
 * @throws {UserError} when no deployment of the stack ever finished
 */
export async function readOutputs(cli: PulumiCli, stackName: string): Promise<EndpointOutputs | undefined> {
  const answer = await runPulumi(cli, ["stack", "output", "--json", "--show-secrets", "--stack", stackName]);
  if (/no stack named .* found/.test(answer.stderr)) return undefined;
  if (answer.failed) throw engineFailure(`reading the stack ${stackName}`, [], answer.stderr);
  return endpointOutputs(JSON.parse(answer.stdout), stackName);
}

/**
 * What is known of a stack's endpoint, finished or not: while it is deployed, too. Undefined when there is no such stack.
 * @throws {UserError} when it has no pod yet
 */
export async function readStarted(cli: PulumiCli, stackName: string): Promise<StartedEndpoint | undefined> {
  try {
    return await readOutputs(cli, stackName);
  } catch (error) {
    if (!(error instanceof UnfinishedDeployment)) throw error;
    const started = startedEndpoint(await exportState(cli, stackName, "--show-secrets"));
    if (started === undefined) throw error;
    return started;
  }
}

/** A value of a stack's config; undefined when it is not set. */
export async function readConfig(cli: PulumiCli, stackName: string, key: string): Promise<string | undefined> {
  const answer = await runPulumi(cli, ["config", "get", `comfy-endpoints:${key}`, "--stack", stackName]);
  return answer.failed ? undefined : answer.stdout.trim();
}

/** Sets a secret of a stack's config, by a way that no list of processes shows. */
export async function writeSecret(cli: PulumiCli, stackName: string, key: string, value: string): Promise<void> {
  const args = ["config", "set", "--secret", `comfy-endpoints:${key}`, "--stack", stackName];
  const answer = await runPulumi(cli, args, value);
  if (answer.failed) throw engineFailure(`setting ${key} of the stack ${stackName}`, [], answer.stderr);
}

/** Names of the stacks in the backend that hold an endpoint; a shared one may hold others. */
export async function endpointStacks(cli: PulumiCli): Promise<string[]> {
  const answer = await runPulumi(cli, ["stack", "ls", "--json"]);
  if (answer.failed) throw engineFailure("listing the stacks", [], answer.stderr);
  const names = stackList.parse(JSON.parse(answer.stdout)).map(({ name }) => name);
  const holds = await Promise.all(names.map(async (name) => holdsEndpoint(await exportState(cli, name))));
  return names.filter((_, at) => holds[at]);
}

const stackList = z.array(z.object({ name: z.string() }));

const stackState = z.object({
  deployment: z.object({ resources: z.array(z.object({ type: z.string() })).nullish() }),
});

const holdsEndpoint = (state: unknown): boolean =>
  (stackState.parse(state).deployment.resources ?? []).some(
    ({ type }) => type === "comfy-endpoints:index:ComfyEndpoint",
  );

/** What a stack holds, its secrets as they lie in the backend unless they are to be shown. */
export async function exportState(cli: PulumiCli, stackName: string, ...flags: "--show-secrets"[]): Promise<unknown> {
  const answer = await runPulumi(cli, ["stack", "export", "--stack", stackName, ...flags]);
  if (answer.failed) throw engineFailure(`reading the stack ${stackName}`, [], answer.stderr);
  return JSON.parse(answer.stdout);
}

/** Puts another state in the place of a stack's. */
export const importState = (cli: PulumiCli, stackName: string, state: object): Promise<PulumiAnswer> =>
  runPulumi(cli, ["stack", "import", "--stack", stackName], JSON.stringify(state));

interface PulumiAnswer {
  failed: boolean;
  stdout: string;
  stderr: string;
}

const runPulumi = (
  { command, folder, env }: PulumiCli,
  args: readonly string[],
  input?: string,
): Promise<PulumiAnswer> =>
  new Promise((done) => {
    const options = { cwd: folder, env, maxBuffer: 256 * 1024 ** 2 };
    const child = execFile(command, [...args, "--non-interactive"], options, (error, stdout, stderr) =>
      done({
        failed: error !== null,
        stdout,
        stderr: stderr === "" && error !== null ? `error: ${error.message}` : stderr,
      }),
    );
    // It may end without reading.
    child.stdin?.on("error", () => undefined).end(input);
  });
