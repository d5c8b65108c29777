import type { Env } from "../../providers/runpod/env-files.ts";
import type { Engine } from "./pulumi-cli.ts";

/**
 * The Pulumi engine: an installed one, else the one in the user's cache, which is built when it is not there.
 * @param onProgress told what takes its time, a line each
 */
export async function findEngine(env: Env, onProgress: (line: string) => void): Promise<Engine> {
  const { engine, engineEnv } = await import("../../scripts/engine/index.js");
  const found = await engine({ onProgress });
  return { pulumi: found.pulumi, env: engineEnv(found, env) };
}
