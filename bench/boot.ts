/** `npm run bench -- boot`: what the gateway adds to the start of ComfyUI when nothing has to be downloaded. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { localPodEnv, podPorts } from "../contract/pod-env.ts";
import { median, milliseconds, print, stopwatch } from "./measure.ts";
import { createBench, freePort, key } from "./support/programs.ts";

const rounds = 9;
const root = join(import.meta.dirname, "..");
const comfyUi = [process.execPath, join(root, "local/comfyui/main.ts")];

const bench = createBench();
try {
  const gateway: number[] = [];
  const alone: number[] = [];
  // The first fills the cache of compiled code.
  for (let round = 0; round <= rounds; round++) {
    const times = { gateway: await bootGateway(), alone: await startComfyUi() };
    if (round === 0) continue;
    gateway.push(times.gateway);
    alone.push(times.alone);
  }
  print([
    ["from the start of the gateway until it takes runs", milliseconds(median(gateway)), `median of ${rounds}`],
    ["  ComfyUI alone, until /system_stats", milliseconds(median(alone)), `median of ${rounds}`],
    ["  added", milliseconds(median(gateway) - median(alone)), "at most 1000 ms"],
  ]);
} finally {
  await bench.close();
}

/** The gateway starts ComfyUI itself, as in a pod. */
async function bootGateway(): Promise<number> {
  const port = await freePort();
  const flags = ["--contract-path", "contract.json", "--workflow-path", "workflow.json", "--state-db", "boot/jobs.db"];
  return timed(
    [process.execPath, join(root, "gateway/main.ts"), ...flags, "--listen-port", String(port)],
    {
      COMFY_ENDPOINTS_API_KEY: key,
      COMFY_START_COMMAND: comfyUi.map((word) => `'${word}'`).join(" "),
      [localPodEnv.ports]: `${podPorts.comfyui}:${await freePort()}`,
    },
    `http://127.0.0.1:${port}/healthz`,
  );
}

async function startComfyUi(): Promise<number> {
  const port = await freePort();
  const env = { [localPodEnv.ports]: `${podPorts.comfyui}:${port}` };
  return timed(comfyUi, env, `http://127.0.0.1:${port}/system_stats`);
}

/** Milliseconds until the program answers there that all is well; it is ended then. */
async function timed([program = "", ...args]: string[], env: Record<string, string>, url: string): Promise<number> {
  const time = stopwatch();
  const child: ChildProcess = spawn(program, args, {
    cwd: bench.folder,
    env: { ...process.env, [localPodEnv.pathPrefix]: bench.folder, ...env },
    stdio: "ignore",
  });
  while (!(await isWell(url))) {
    if (child.exitCode !== null) throw new Error(`${program} ${args.join(" ")} ended with code ${child.exitCode}`);
    await sleep(5);
  }
  const took = time();
  child.kill("SIGTERM");
  await once(child, "exit");
  return took;
}

function isWell(url: string): Promise<boolean> {
  return fetch(url).then(
    (answer) => answer.ok,
    () => false,
  );
}
