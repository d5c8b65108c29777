import { UserError } from "../../contract/errors.ts";
import type { Env } from "../../providers/runpod/env-files.ts";
import type { Engine } from "./pulumi-cli.ts";

/**
 * The Pulumi engine: an installed one, else the one in the user's cache, which is built when it is not there.
 * @param onProgress told what takes its time, a line each
 * @param signal ends a build, and leaves nothing half-made
 * @throws {UserError} when there is no way to an engine on this machine
 */
export async function findEngine(env: Env, onProgress: (line: string) => void, signal: AbortSignal): Promise<Engine> {
  const { engine, engineEnv, SetupError } = await import("../../scripts/engine/index.js");
  try {
    const found = await engine({ onProgress, signal });
    return { pulumi: found.pulumi, env: engineEnv(found, env) };
  } catch (error) {
    throw error instanceof SetupError ? new UserError(error.message, [], { cause: error }) : error;
  }
}

/** The engine that is here already, and where it comes from; nothing is fetched or built. */
export async function engineHere(
  env: Env,
): Promise<{ version: string; source: "given" | "path" | "cache" } | undefined> {
  return (await import("../../scripts/engine/index.js")).engineHere(env);
}
