import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../faults/processes.ts";
import { type GatewayProgram, startGatewayProgram } from "../support/gateway-program.ts";
import { until } from "../support/until.ts";
import { lastingPort } from "./ports.ts";

/** Whose ComfyUI it is: somebody else's, or the gateway's own child. */
export type Keeper = "attached" | "child";
export type Victim = "gateway" | "comfyui";

/** A node of a prompt began to run in the ComfyUI of that process. */
export interface Execution {
  pid: number;
  prompt: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** A gateway and a ComfyUI as processes, at addresses that outlive them. */
export interface Stage {
  url: string;
  apiKey: string;
  database: string;
  /** Kills it at once, and sees that another takes its place. */
  kill(victim: Victim): Promise<void>;
  executions(): Execution[];
  /** What the gateways wrote. */
  log(): string;
  isReady(): Promise<boolean>;
  /** Ends the gateway as a user does; answers its exit code. */
  endGateway(): Promise<number | null>;
  /** Ends whatever runs, and removes everything. */
  clear(): Promise<void>;
}

const cardSize = 64;
export const card = { width: cardSize, height: cardSize };
const workflow = {
  "1": { class_type: "PromptCard", inputs: { prompt: "", ...card } },
  "2": { class_type: "LocalSleep", inputs: { image: ["1", 0], seconds: 0, steps: 2 } },
  "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "card" } },
};
const contract = {
  contract_id: "crashes",
  version: "v1",
  inputs: [
    { name: "prompt", type: "string", required: true, node_id: "1", field: "prompt" },
    { name: "seconds", type: "number", required: true, node_id: "2", field: "seconds" },
  ],
  outputs: [{ name: "image", type: "image/png", node_id: "3" }],
};
const comfyProgram = join(import.meta.dirname, "../programs/comfyui.ts");

type Entry = ({ kind: "start" } & Pick<Execution, "pid">) | ({ kind: "execution" } & Execution);

export async function setStage(keeper: Keeper): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-crashes-"));
  const comfyFolder = join(folder, "comfyui");
  mkdirSync(comfyFolder);
  writeFileSync(join(folder, "contract.json"), JSON.stringify(contract));
  writeFileSync(join(folder, "workflow.json"), JSON.stringify(workflow));
  const [port, comfyPort] = [await lastingPort(), await lastingPort()];
  const apiKey = "key-of-a-gateway-that-dies";
  const comfyWords = [comfyProgram, comfyFolder, String(comfyPort), String(process.pid)];
  const flags = [
    ...["--contract-path", "contract.json", "--workflow-path", "workflow.json", "--app-id", "crashes"],
    ...["--listen-port", String(port), "--state-db", "state/jobs.db"],
    ...(keeper === "attached" ? ["--comfy-url", `http://127.0.0.1:${comfyPort}`] : []),
  ];
  const env = {
    COMFY_ENDPOINTS_API_KEY: apiKey,
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
    ...(keeper === "child" && {
      COMFY_START_COMMAND: [process.execPath, ...comfyWords].map((word) => `'${word}'`).join(" "),
      COMFY_ENDPOINTS_LOCAL_PORTS: `8188:${comfyPort}`,
    }),
  };

  const gateways: GatewayProgram[] = [];
  let comfyUi: ChildProcess | undefined;
  const startGateway = (): void => {
    gateways.push(startGatewayProgram(flags, { cwd: folder, env }));
  };
  const startComfyUi = (): void => {
    comfyUi = spawn(process.execPath, comfyWords, { stdio: "ignore" });
  };
  const entries = (): Entry[] => {
    const file = join(comfyFolder, "executions.jsonl");
    if (!existsSync(file)) return [];
    // A line that is being written is not one yet.
    return readFileSync(file, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Entry);
  };
  const comfyPids = (): number[] => entries().flatMap((entry) => (entry.kind === "start" ? entry.pid : []));
  /** The ComfyUI that was killed last. */
  let killed: number | undefined;

  const clear = async (): Promise<void> => {
    for (const gateway of gateways) await gateway.kill();
    comfyUi?.kill("SIGKILL");
    const pids = [comfyUi?.pid, comfyPids().at(-1)].filter((pid) => pid !== undefined);
    await until("ComfyUI is gone", () => !pids.some(isAlive));
    rmSync(folder, { recursive: true, force: true });
  };

  const url = `http://127.0.0.1:${port}`;
  if (keeper === "attached") startComfyUi();
  startGateway();

  return {
    url,
    apiKey,
    database: join(folder, "state/jobs.db"),
    kill: async (victim) => {
      if (victim === "gateway") {
        await gateways.at(-1)?.kill();
        startGateway();
        return;
      }
      const before = killed;
      await until("ComfyUI runs", () => comfyPids().at(-1) !== before);
      killed = comfyPids().at(-1);
      if (killed !== undefined) process.kill(killed, "SIGKILL");
      if (keeper === "child" || comfyUi === undefined) return;
      await once(comfyUi, "exit");
      startComfyUi();
    },
    executions: () => entries().flatMap((entry) => (entry.kind === "execution" ? entry : [])),
    log: () => gateways.map((gateway) => `${gateway.stdout()}${gateway.stderr()}`).join("--- killed\n"),
    isReady: async () => {
      try {
        return (await fetch(`${url}/healthz`)).ok;
      } catch {
        return false;
      }
    },
    endGateway: async () => {
      const gateway = gateways.at(-1);
      gateway?.process.kill("SIGTERM");
      return (await gateway?.exit()) ?? null;
    },
    clear,
  };
}
