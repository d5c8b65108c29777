import { withEnvFiles } from "../../runpod/env-files.ts";
import { parseImageRef } from "../image-ref.ts";
import type { LoginSources } from "./login.ts";

/** Of the stack's config: `registryUsername` and `registryPassword`. */
export interface ConfiguredLogin {
  username: string | undefined;
  password: string | undefined;
}

/** The environment as it is now, with its files, and the config, which is meant for the registry that the image is in. */
export function loginSources(imageRef: string, { username, password }: ConfiguredLogin): LoginSources {
  const env = withEnvFiles(process.env, process.cwd());
  if (!username || !password) return { env };
  return { env, configured: { registry: parseImageRef(imageRef).registry, username, password } };
}
