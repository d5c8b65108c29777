import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { userCache } from "../../scripts/engine/cache.js";
import { isAlive } from "../../scripts/setup/lock.js";

/** What came of a call: what it returned, or the class and text of what it raised. */
export type SdkAnswer = { result: unknown } | { error: string; message: string };

/** RunPod's own Python SDK in a process. */
export interface PythonSdk {
  /** @param key null for none */
  call(name: string, args?: object, key?: string | null): Promise<SdkAnswer>;
  stop(): void;
}

/** Why the SDK cannot be had on this machine. */
export class NoPythonSdk extends Error {}

const programs = join(import.meta.dirname, "../programs");
const requirements = join(programs, "runpod_sdk.txt");
const draftMark = ".making-";
const run = promisify(execFile);

/**
 * Puts the SDK into the user's cache, when it is not there yet: as a whole or not at all.
 * @returns the folder that Python finds it in
 * @throws {NoPythonSdk} without Python 3.10, pip, or PyPI
 */
export async function installPythonSdk(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const contents = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  // Some of it is compiled, for one version of Python on one kind of machine.
  const folder = join(userCache(env), "python-sdk", `${contents}-${await pythonTag(env)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  removeLeftovers(dirname(folder));
  const draft = `${folder}${draftMark}${process.pid}`;
  try {
    await install(join(draft, "packages"), join(draft, "venv"), env);
    renameSync(join(draft, "packages"), folder);
  } catch (error) {
    // Another process may have been quicker.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

async function pythonTag(env: NodeJS.ProcessEnv): Promise<string> {
  const question =
    "import sys, sysconfig; print(sys.version_info >= (3, 10), sys.implementation.cache_tag, sysconfig.get_platform())";
  const [isNew = "", tag = "", platform = ""] = (await attempt("python3 is missing", "python3", ["-c", question], env))
    .trim()
    .split(" ");
  if (isNew !== "True") throw new NoPythonSdk(`python3 is ${tag}; the SDK needs 3.10 or newer`);
  return `${tag}-${platform}`;
}

/** @param venv where a pip may be made: Debian's Python comes without one, and often without the means to make one too */
async function install(packages: string, venv: string, env: NodeJS.ProcessEnv): Promise<void> {
  let python = "python3";
  if (
    !(await run(python, ["-m", "pip", "--version"], { env }).then(
      () => true,
      () => false,
    ))
  ) {
    await attempt("python3 has neither pip nor venv", python, ["-m", "venv", venv], env);
    python = join(venv, "bin/python");
  }
  const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile", "--only-binary", ":all:"];
  const args = ["-m", "pip", "install", ...options, "--target", packages, "--requirement", requirements];
  await attempt("pip cannot install RunPod's SDK", python, args, env);
}

async function attempt(failure: string, program: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return (await run(program, args, { env })).stdout;
  } catch (error) {
    throw new NoPythonSdk(`${failure}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, owner] = name.split(draftMark);
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/**
 * @param packages what `installPythonSdk` gave
 * @param baseUrl the one thing that is changed for it
 * @param home holds no settings of the SDK's, which would bring a key of its own
 */
export function startPythonSdk(packages: string, baseUrl: string, home: string): PythonSdk {
  const child = spawn("python3", ["-s", join(programs, "runpod_sdk.py")], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home, PYTHONPATH: packages, RUNPOD_API_BASE_URL: baseUrl },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    call: async (name, args = {}, key = "local-key") => {
      child.stdin.write(`${JSON.stringify({ function: name, arguments: args, key })}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`the SDK ended at ${name}`);
      return JSON.parse(line.value) as SdkAnswer;
    },
    stop: () => void child.kill(),
  };
}
