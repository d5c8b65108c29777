import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../../support/until.ts";

/** A Docker engine: the one that runs, else one of our own. */
export interface Docker {
  /** Runs the docker command; answers what it printed. */
  run(...args: string[]): Promise<string>;
  /** Variables with which other programs reach it. */
  env: NodeJS.ProcessEnv;
  /** Ends an engine of our own, with all that it holds. */
  stop(): Promise<void>;
}

/** A tool is missing, or may not be used here. */
export class NoTool extends Error {}

const execute = promisify(execFile);

/** @throws {NoTool} where no engine runs and none can be started */
export async function startDocker(): Promise<Docker> {
  const running = client(process.env);
  if (await answers(running)) return { ...running, stop: () => Promise.resolve() };
  if (process.getuid?.() !== 0) throw new NoTool("no Docker engine runs, and only root can start one");
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-docker-"));
  const socket = `unix://${join(folder, "docker.sock")}`;
  const log = openSync(join(folder, "log"), "w");
  const args = ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--host", socket];
  // A group of its own: Ctrl-C would end it before its containers have ended.
  const daemon = spawn("dockerd", [...args, "--pidfile", join(folder, "pid")], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let ended: string | undefined;
  daemon.once("error", (error) => (ended = error.message));
  daemon.once("exit", () => (ended ??= `dockerd ended:\n${readFileSync(join(folder, "log"), "utf8").slice(-2000)}`));
  const own = client({ ...process.env, DOCKER_HOST: socket });
  const stop = async (): Promise<void> => {
    if (ended === undefined) {
      daemon.kill("SIGTERM");
      await once(daemon, "exit");
    }
    // It leaves the network of its host mounted.
    await execute("umount", [join(folder, "exec/netns/default")]).catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until("dockerd answers", async () => ended !== undefined || (await answers(own)), 60);
    if (ended !== undefined) throw new NoTool(`no Docker engine: ${ended}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...own, stop };
}

function client(outer: NodeJS.ProcessEnv): Omit<Docker, "stop"> {
  // The builder that every Docker has; the other one is a plugin of its own.
  const env = { ...outer, DOCKER_BUILDKIT: "0" };
  return {
    env,
    run: async (...args) => {
      try {
        return (await execute("docker", args, { env, maxBuffer: 64 * 1024 ** 2 })).stdout.trim();
      } catch (error) {
        const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
        const said = `${stdout.slice(-4000)}${stderr.slice(-4000)}`;
        // Without its cause, which repeats all that was printed.
        throw new Error(`docker ${args[0] ?? ""} failed: ${said || String(error)}`);
      }
    },
  };
}

const answers = ({ run }: Pick<Docker, "run">): Promise<boolean> =>
  run("version").then(
    () => true,
    () => false,
  );
