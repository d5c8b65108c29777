import { dockerLogin } from "./docker-login.ts";

/** Who asks a registry, and where that was found: what an error names. A guess may be no login of that registry's at all. */
export type Login = { source: string; isGuess?: true } & (
  | { username: string; password: string }
  | { identityToken: string }
);

export type PasswordLogin = Extract<Login, { password: string }>;

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
export async function findLogin(registry: string, sources: LoginSources): Promise<Login | undefined> {
  const { env } = sources;
  const known = givenLogin(registry, sources) ?? (await dockerLogin(registry, env));
  if (known !== undefined || registry !== "ghcr.io" || !env["GITHUB_TOKEN"]) return known;
  const owner = env["GITHUB_REPOSITORY"]?.split("/")[0];
  return owner ? { source: "GITHUB_TOKEN", isGuess: true, username: owner, password: env["GITHUB_TOKEN"] } : undefined;
}

/** How to give this project a login, as the begin of a sentence. */
export const loginRemedy = (registry: string): string =>
  registry === "ghcr.io"
    ? "set GHCR_USERNAME and GHCR_TOKEN"
    : "set comfy-endpoints:registryUsername and registryPassword in the stack's config";

/** The login that this project was given, which Docker need not know. */
export function givenLogin(registry: string, { env, configured }: LoginSources): PasswordLogin | undefined {
  const { GHCR_USERNAME: username, GHCR_TOKEN: password } = env;
  if (registry === "ghcr.io" && username && password) {
    return { source: "GHCR_USERNAME and GHCR_TOKEN", username, password };
  }
  if (configured?.registry !== registry) return undefined;
  return { source: "the stack's config", username: configured.username, password: configured.password };
}
