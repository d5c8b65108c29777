import { dockerLogin } from "./docker-login.ts";

/** Who asks a registry, and where that was found: what an error names. */
export type Login = { source: string } & ({ username: string; password: string } | { identityToken: string });

export interface LoginSources {
  env: Readonly<Record<string, string | undefined>>;
  /** Stack config `registryUsername` and `registryPassword`, and the registry that they are for. */
  configured?: { registry: string; username: string; password: string } | undefined;
}

/**
 * The login for a registry: GHCR's own variables, the stack's config, what Docker knows, and for GHCR at last the token that
 * GitHub is asked with.
 * @throws {UserError} when Docker's own cannot be read
 */
export async function findLogin(registry: string, { env, configured }: LoginSources): Promise<Login | undefined> {
  const isGhcr = registry === "ghcr.io";
  const { GHCR_USERNAME: username, GHCR_TOKEN: password, GITHUB_TOKEN: githubToken } = env;
  if (isGhcr && username && password) return { source: "GHCR_USERNAME and GHCR_TOKEN", username, password };
  if (configured?.registry === registry) {
    return { source: "the stack's config", username: configured.username, password: configured.password };
  }
  const known = await dockerLogin(registry, env);
  if (known !== undefined || !isGhcr || !githubToken) return known;
  const owner = env["GITHUB_REPOSITORY"]?.split("/")[0];
  return owner ? { source: "GITHUB_TOKEN", username: owner, password: githubToken } : undefined;
}
