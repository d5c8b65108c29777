import { withEnvFiles } from "../../runpod/env-files.ts";
import type { LoginSources } from "./login.ts";

/** Of the stack's config: `registryUsername` and `registryPassword`. */
export interface ConfiguredLogin {
  username: string | undefined;
  password: string | undefined;
}

/**
 * The environment as it is now, with its files, and the config.
 * @param registry the only one that the config's login is meant for, and is shown to
 */
export function loginSources(registry: string, { username, password }: ConfiguredLogin): LoginSources {
  const env = withEnvFiles(process.env, process.cwd());
  if (!username || !password) return { env };
  return { env, configured: { registry, username, password } };
}
