import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dockerConfigFolder, dockerKey, readDockerConfig } from "./docker-login.ts";
import type { PasswordLogin } from "./login.ts";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Lends the docker command a login: in a configuration of its own that nobody else may read, and that is gone afterwards. All
 * else in it is the user's: contexts, plugins, other logins.
 * @param login without one Docker is left to what it knows itself
 * @param use is given the environment to run docker in
 * @throws {UserError} when the user's configuration is broken
 */
export async function withDockerLogin<T>(
  registry: string,
  login: PasswordLogin | undefined,
  env: Env,
  use: (env: Env) => Promise<T>,
): Promise<T> {
  if (login === undefined) return use(env);
  const own = dockerConfigFolder(env);
  const { config = { auths: {}, credHelpers: {} } } = await readDockerConfig(env);
  const folder = await mkdtemp(join(tmpdir(), "comfy-endpoints-docker-"));
  try {
    const entries = await readdir(own).catch(() => []);
    const others = entries.filter((name) => name !== "config.json");
    for (const name of others) await symlink(join(own, name), join(folder, name));
    const document = JSON.stringify(withLogin(config, dockerKey(registry), login));
    await writeFile(join(folder, "config.json"), document, { mode: 0o600 });
    return await use({ ...env, DOCKER_CONFIG: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `auths` is not read where a registry has a helper, and it has none where its helper's name is empty. */
function withLogin(
  { auths, credHelpers, ...config }: NonNullable<Awaited<ReturnType<typeof readDockerConfig>>["config"]>,
  key: string,
  { username, password }: PasswordLogin,
): object {
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  return { ...config, auths: { ...auths, [key]: { auth } }, credHelpers: { ...credHelpers, [key]: "" } };
}
