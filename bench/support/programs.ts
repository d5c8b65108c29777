import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GatewayProgram, startGatewayProgram } from "../../test/support/gateway-program.ts";
import { until } from "../../test/support/until.ts";

export const key = "key-of-the-bench";

/** A picture of one color, after a nap: what every ComfyUI has, and a stand-in for work. */
export const workflow = {
  "1": { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  "2": { class_type: "LocalSleep", inputs: { image: ["1", 0], seconds: 0, steps: 4 } },
  "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "bench" } },
};
const contract = {
  contract_id: "bench",
  version: "v1",
  inputs: [
    { name: "color", type: "integer", required: true, node_id: "1" },
    { name: "seconds", type: "number", required: true, node_id: "2" },
    { name: "steps", type: "integer", required: true, node_id: "2" },
  ],
  outputs: [{ name: "image", type: "image/png", node_id: "3" }],
};

/** Processes of a bench, with a folder for what they write; `TMPDIR` says on which disk. */
export interface Bench {
  folder: string;
  /** The stand-in for ComfyUI, as a process, with the pace of a real one; answers its address. */
  startComfyUi(): Promise<string>;
  /** A gateway in a folder below, before that ComfyUI. */
  startGateway(name: string, comfyUrl: string): GatewayProgram;
  /** A program of `bench/programs`, which listens on the port in its last argument; answers its address. */
  startProgram(name: string, ...args: string[]): Promise<string>;
  /** Ends them all, and removes what they wrote. */
  close(): Promise<void>;
}

export function createBench(): Bench {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-bench-"));
  const comfyFolder = join(folder, "comfyui");
  mkdirSync(join(comfyFolder, "output"), { recursive: true });
  writeFileSync(join(folder, "contract.json"), JSON.stringify(contract));
  writeFileSync(join(folder, "workflow.json"), JSON.stringify({ prompt: workflow }));
  const children: ChildProcess[] = [];
  const start = async (file: string, args: readonly string[], port: number) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "../..", file), ...args], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    children.push(child);
    const url = `http://127.0.0.1:${port}`;
    await until(`${file} answers`, () => answers(url));
    return url;
  };
  return {
    folder,
    startComfyUi: async () => {
      const port = await freePort();
      return start("bench/programs/paced-comfyui.ts", [comfyFolder, String(port)], port);
    },
    startGateway: (name, comfyUrl) => {
      const gateway = startGatewayProgram(
        [
          ...["--contract-path", "contract.json", "--workflow-path", "workflow.json", "--comfy-url", comfyUrl],
          // As in a pod, where the gateway knows it.
          ...["--comfy-folder", comfyFolder],
          ...["--listen-port", "0", "--state-db", join(name, "jobs.db")],
        ],
        { cwd: folder, env: { ...process.env, COMFY_ENDPOINTS_API_KEY: key } },
      );
      children.push(gateway.process);
      return gateway;
    },
    startProgram: async (name, ...args) => {
      const port = await freePort();
      return start(`bench/programs/${name}.ts`, [...args, String(port)], port);
    },
    close: async () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether anything is answered there. */
const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

export async function ready(gateway: GatewayProgram): Promise<string> {
  const url = await gateway.url();
  await until("the gateway is ready", async () => (await fetch(`${url}/healthz`)).ok);
  return url;
}

/** A port that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
