import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { userCache } from "../engine/cache.js";
import { isAlive } from "../setup/lock.js";

/** Why Python packages cannot be had on this machine. */
export class NoPython extends Error {}

const draftMark = ".making-";
const run = promisify(execFile);

/**
 * Puts Python packages into the user's cache, when they are not there yet: as a whole or not at all.
 * @param name what the folder of their versions is called
 * @param requirements a file that pins every one of them: what they ask for themselves is not looked at
 * @returns the folder that Python finds them in
 * @throws {NoPython} without Python 3.10, pip, or PyPI
 */
export async function pythonPackages(
  name: string,
  requirements: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const contents = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  // Some are compiled, for one version of Python on one kind of machine.
  const folder = join(userCache(env), name, `${contents}-${await pythonTag(env)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  removeLeftovers(dirname(folder));
  const draft = `${folder}${draftMark}${process.pid}`;
  try {
    await install(requirements, join(draft, "packages"), join(draft, "venv"), env);
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
  if (isNew !== "True") throw new NoPython(`python3 is ${tag}; 3.10 or newer is needed`);
  return `${tag}-${platform}`;
}

/** @param venv where a pip may be made: Debian's Python comes without one, and often without the means to make one too */
async function install(requirements: string, packages: string, venv: string, env: NodeJS.ProcessEnv): Promise<void> {
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
  await attempt(`pip cannot install what ${requirements} lists`, python, args, env);
}

async function attempt(failure: string, program: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return (await run(program, args, { env })).stdout;
  } catch (error) {
    throw new NoPython(`${failure}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, owner] = name.split(draftMark);
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
