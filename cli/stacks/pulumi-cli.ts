import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { z } from "zod";
import type { Env } from "../../providers/runpod/env-files.ts";
import { engineFailure } from "./failure.ts";
import { type EndpointOutputs, endpointOutputs } from "./outputs.ts";
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
  const settings = { PULUMI_SKIP_UPDATE_CHECK: "true", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };
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

/** A value of a stack's config; undefined when it is not set. */
export async function readConfig(cli: PulumiCli, stackName: string, key: string): Promise<string | undefined> {
  const answer = await runPulumi(cli, ["config", "get", `comfy-endpoints:${key}`, "--stack", stackName]);
  return answer.failed ? undefined : answer.stdout.trim();
}

/** Names of the stacks in the backend. */
export async function listStacks(cli: PulumiCli): Promise<string[]> {
  const answer = await runPulumi(cli, ["stack", "ls", "--json"]);
  if (answer.failed) throw engineFailure("listing the stacks", [], answer.stderr);
  return z
    .array(z.object({ name: z.string() }))
    .parse(JSON.parse(answer.stdout))
    .map(({ name }) => name);
}

const runPulumi = (
  { command, folder, env }: PulumiCli,
  args: readonly string[],
): Promise<{ failed: boolean; stdout: string; stderr: string }> =>
  new Promise((done) => {
    execFile(command, [...args, "--non-interactive"], { cwd: folder, env }, (error, stdout, stderr) =>
      done({
        failed: error !== null,
        stdout,
        stderr: stderr === "" && error !== null ? `error: ${error.message}` : stderr,
      }),
    );
  });
