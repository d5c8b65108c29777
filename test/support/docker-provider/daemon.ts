import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { promisify } from "node:util";

/** Where a Docker daemon answers. */
export interface Daemon {
  /** Runs the docker command; answers what it printed, on either stream. */
  docker: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<string>;
}

/**
 * [source] DOCKER_HOST alone where it is set; else the usual socket, and those of Docker Desktop. Contexts of the docker
 * command are not asked.
 */
export async function findDaemon(env: NodeJS.ProcessEnv): Promise<Daemon> {
  const desktop = ["run", "desktop"].map((name) => `unix://${homedir()}/.docker/${name}/docker.sock`);
  const hosts = env["DOCKER_HOST"] ? [env["DOCKER_HOST"]] : ["unix:///var/run/docker.sock", ...desktop];
  for (const host of hosts) {
    const daemon = daemonAt(host, env);
    const answers = await daemon.docker(["version", "--format", "{{.Server.Version}}"]).then(
      () => true,
      () => false,
    );
    if (answers) return daemon;
  }
  throw new Error(
    "docker native provider returned an unexpected error from Configure: failed to connect to any docker daemon",
  );
}

const daemonAt = (host: string, outer: NodeJS.ProcessEnv): Daemon => ({
  docker: async (args, env = {}) => {
    const options = { env: { ...outer, ...env, DOCKER_HOST: host }, maxBuffer: 64 * 1024 ** 2 };
    const { stdout, stderr } = await promisify(execFile)("docker", args, options);
    return stdout + stderr;
  },
});
