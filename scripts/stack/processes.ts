import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localPodEnv, podPorts } from "../../contract/pod-env.ts";
import { freePorts } from "../../local/host/free-ports.ts";
import { nginxConf } from "../nginx.ts";
import { type Stack, StackProblem, type StackSettings } from "./stack.ts";

const root = join(import.meta.dirname, "../..");

/** @throws {StackProblem} without nginx */
export async function startProcesses({ port, apiKey, env }: StackSettings): Promise<Stack> {
  if (spawnSync("nginx", ["-v"]).error !== undefined) {
    throw new StackProblem("there is neither Docker with compose nor nginx; install one of them");
  }
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-smoke-"));
  const nginxFolder = join(folder, "nginx");
  mkdirSync(nginxFolder);
  const [gatewayPort = 0, comfyPort = 0] = await freePorts(2);
  const place = { listen: `127.0.0.1:${port}`, gateway: `127.0.0.1:${gatewayPort}`, folder: nginxFolder };
  writeFileSync(join(nginxFolder, "nginx.conf"), nginxConf(place));

  let output = "";
  const ended = new AbortController();
  const start = (program: string, args: string[], more: NodeJS.ProcessEnv = {}): ChildProcess => {
    const child = spawn(program, args, {
      env: { PATH: env["PATH"], ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
    child.once("exit", () => ended.abort(new StackProblem(`${program} ended by itself; see above`)));
    return child;
  };
  const children = [
    start(process.execPath, [join(root, "local/comfyui/main.ts")], {
      [localPodEnv.pathPrefix]: folder,
      [localPodEnv.ports]: `${podPorts.comfyui}:${comfyPort}`,
    }),
    start(
      process.execPath,
      [
        ...[join(root, "gateway/main.ts"), "--app", join(root, "apps/demo/app.json")],
        ...["--state-db", join(folder, "state/jobs.db"), "--listen-port", String(gatewayPort)],
        ...["--comfy-url", `http://127.0.0.1:${comfyPort}`],
      ],
      { COMFY_ENDPOINTS_API_KEY: apiKey },
    ),
    start("nginx", ["-e", "stderr", "-g", "daemon off;", "-c", join(nginxFolder, "nginx.conf")]),
  ];
  return {
    ended: ended.signal,
    logs: () => output,
    stop: async () => {
      await Promise.all(children.map(end));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
