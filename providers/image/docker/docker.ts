import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

type Env = NodeJS.ProcessEnv;

/**
 * Whether images can be built with Docker here: by the docker command, which follows Docker's contexts, and by Pulumi's Docker
 * provider, which knows none of them.
 * @returns why they cannot, as a clause; undefined when they can
 */
export async function dockerTroubleOf(env: Env): Promise<string | undefined> {
  const { context, trouble } = await askDocker(env);
  if (trouble !== undefined || context === "" || context === "default") return trouble;
  // DOCKER_HOST is not set, or there were no other context than the default.
  const others = [{ DOCKER_CONTEXT: "default" }, ...desktopHosts(env).map((host) => ({ DOCKER_HOST: host }))];
  for (const other of others) if ((await askDocker({ ...env, ...other })).trouble === undefined) return undefined;
  const host = await contextHost(env);
  return `Docker answers in its context "${context}" alone, of which Pulumi's Docker provider knows nothing (export DOCKER_HOST=${host})`;
}

/** Where that provider looks, beside DOCKER_HOST and the usual socket: Docker Desktop's. */
const desktopHosts = (env: Env): string[] =>
  ["run", "desktop"]
    .map((folder) => join(env["HOME"] || homedir(), ".docker", folder, "docker.sock"))
    .filter((path) => existsSync(path))
    .map((path) => `unix://${path}`);

/** @returns the context that was asked, empty when Docker is too old to tell */
async function askDocker(env: Env): Promise<{ context: string; trouble: string | undefined }> {
  try {
    // The client answers without a daemon; the server's version only a daemon knows.
    const said = await docker(["version", "--format", "{{.Client.Context}} {{.Server.Version}}"], env);
    return { context: said.split(" ")[0] ?? "", trouble: undefined };
  } catch (error) {
    return { context: "", trouble: troubleOf(error) };
  }
}

const contextHost = (env: Env): Promise<string> =>
  docker(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], env);

async function docker(args: readonly string[], env: Env): Promise<string> {
  const { stdout } = await promisify(execFile)("docker", args, { env, timeout: 20_000 });
  return stdout.trim();
}

function troubleOf(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  if ("code" in error && error.code === "ENOENT") return "Docker is not installed";
  if ("killed" in error && error.killed === true) return "Docker does not answer";
  const said = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim().split("\n")[0] : "";
  return `Docker cannot be used (${said || error.message})`;
}
