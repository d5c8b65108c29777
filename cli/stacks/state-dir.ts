import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Env } from "../../providers/runpod/env-files.ts";

/** What Pulumi keeps of the endpoints that were deployed from here. */
export interface StateDir {
  /** Where the state is, and what unlocks its secrets. */
  env: Env;
  /** File that unlocks the secrets, when this call made it. */
  newPassphraseFile: string | undefined;
}

/**
 * Makes the folder a Pulumi project whose program lies elsewhere and that writes nothing outside. State goes to the
 * backend that `PULUMI_BACKEND_URL` names or Pulumi is logged in to, else into the folder itself.
 */
export function prepareStateDir(folder: string, program: string, env: Env): StateDir {
  mkdirSync(join(folder, "stacks"), { recursive: true });
  writeProjectFile(folder, program);
  const passphrase = passphraseEnv(folder, env);
  return { env: { ...backendEnv(folder, env), ...passphrase.env }, newPassphraseFile: passphrase.newFile };
}

/** Stacks that were deployed from this state folder, sorted; told from its files, without the engine. */
export function knownStacks(folder: string): string[] {
  const stacks = join(folder, "stacks");
  if (!existsSync(stacks)) return [];
  return readdirSync(stacks)
    .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/** Remembers a stack's config; what it gives back puts that in the place of whatever was set since. */
export function keepConfig(folder: string, stackName: string): () => void {
  const file = join(folder, "stacks", `Pulumi.${stackName}.yaml`);
  const text = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  return () => {
    if (text !== undefined && existsSync(file)) writeFileSync(file, text);
  };
}

/** Whether stacks may exist that the state folder does not know: those of a backend shared with other machines. */
export const usesSharedBackend = (env: Env): boolean =>
  env["PULUMI_BACKEND_URL"] !== undefined || env["PULUMI_ACCESS_TOKEN"] !== undefined || isLoggedIn(env);

function writeProjectFile(folder: string, program: string): void {
  const text = `name: comfy-endpoints
description: Endpoints that comfy-endpoints deployed
main: ${JSON.stringify(relative(folder, program))}
stackConfigDir: stacks
runtime:
  name: nodejs
  options:
    typescript: false
`;
  const file = join(folder, "Pulumi.yaml");
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}

function backendEnv(folder: string, env: Env): Env {
  if (usesSharedBackend(env)) return {};
  const backend = join(folder, "backend");
  mkdirSync(backend, { recursive: true });
  return { PULUMI_BACKEND_URL: pathToFileURL(backend).href };
}

function isLoggedIn(env: Env): boolean {
  const home = env["PULUMI_HOME"] ?? join(env["HOME"] ?? homedir(), ".pulumi");
  try {
    const { current } = JSON.parse(readFileSync(join(home, "credentials.json"), "utf8")) as { current?: string };
    return current !== undefined && current !== "";
  } catch {
    // No such file, or one that Pulumi itself will complain about.
    return false;
  }
}

function passphraseEnv(folder: string, env: Env): { env: Env; newFile: string | undefined } {
  if (env["PULUMI_CONFIG_PASSPHRASE"] !== undefined || env["PULUMI_CONFIG_PASSPHRASE_FILE"] !== undefined) {
    return { env: {}, newFile: undefined };
  }
  const file = join(folder, "passphrase");
  const isNew = !existsSync(file) && createPassphrase(file);
  return { env: { PULUMI_CONFIG_PASSPHRASE_FILE: file }, newFile: isNew ? file : undefined };
}

/** Written whole or not at all, and never over one that another process has just made: state would be lost with it. */
function createPassphrase(file: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, randomBytes(24).toString("base64url"), { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (existsSync(file)) return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}
