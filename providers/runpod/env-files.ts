import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

export type Env = Record<string, string | undefined>;

/**
 * The environment with what `.env.local` and `.env` of the folder add: the process's own variables win over
 * `.env.local`, that over `.env`. `COMFY_ENDPOINTS_ENV_FILE` stands for both. An empty variable counts as unset.
 */
export function withEnvFiles(env: Env, folder: string): Env {
  const only = env["COMFY_ENDPOINTS_ENV_FILE"];
  const files = only ? [only] : [join(folder, ".env"), join(folder, ".env.local")];
  const fromFiles = Object.assign({}, ...files.map(readEnvFile)) as Env;
  const own = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  return { ...fromFiles, ...own };
}

function readEnvFile(path: string): Env {
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return {};
    throw cause;
  }
}
