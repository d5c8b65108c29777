import * as pulumi from "@pulumi/pulumi";
import type { LoginSources } from "../providers/image/registry/login.ts";
import { loginSources } from "../providers/image/registry/login-sources.ts";

/**
 * Where logins come from in this run: the environment, and the stack's config.
 * @param registry the only one that the config's login is meant for, and is shown to
 */
export function stackLoginSources(registry: string): LoginSources {
  const config = new pulumi.Config("comfy-endpoints");
  return loginSources(registry, {
    username: config.get("registryUsername"),
    password: config.get("registryPassword"),
  });
}
