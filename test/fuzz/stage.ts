import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileObject, Health, Scope } from "../../contract/api.ts";
import { createComfyUi } from "../../local/comfyui/comfyui.ts";
import { type GatewayProgram, startGatewayProgram } from "../support/gateway-program.ts";
import { residentBytes } from "../support/memory.ts";
import { until } from "../support/until.ts";
import { contract, workflow } from "./app.ts";
import { apiKey } from "./requests.ts";

const repository = realpathSync(join(import.meta.dirname, "../.."));

/** Stands beside the gateway's data, and must never be in an answer. */
export const secret = "what-lies-beside-the-data-is-nobody's-business";

/** A gateway's own program before a stand-in of ComfyUI, and a folder around its data. */
export interface Stage {
  port: number;
  gateway: GatewayProgram;
  /** Holds the documents, an empty home, an empty folder for temporary files, and `state`. */
  folder: string;
  /** The data: all that the gateway may write to, and all but its program that it may read. */
  state: string;
  /** Memory that the gateway has, and that it has in use when all garbage is gone, in MiB. */
  memory(): Promise<Memory>;
  /** A request that nobody fuzzes. */
  ask: (method: string, path: string, body?: string) => Promise<Response>;
  close(): Promise<void>;
}

export interface Memory {
  resident: number;
  inUse: number;
}

/** Keys that are good for something: `key-of-the-<name>`. */
const keys: Record<string, Scope[]> = { reader: ["read"], runner: ["run"], filer: ["files"] };

/** @throws {Error} when the gateway does not become ready */
export async function createStage(): Promise<Stage> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "comfy-endpoints-fuzz-")));
  const at = (name: string): string => join(folder, name);
  for (const name of ["state", "tmp", "home"]) mkdirSync(at(name));
  writeFileSync(at("secret.txt"), secret);
  writeFileSync(at("contract.json"), JSON.stringify(contract));
  writeFileSync(at("workflow.json"), JSON.stringify(workflow));
  const comfyFolders = { output: at("comfyui/output"), input: at("comfyui/input"), temp: at("comfyui/temp") };
  const comfy = await createComfyUi({ folders: comfyFolders }).listen(0);

  // Node itself refuses every other path: a request that leads out of the data fails by a fault of the gateway.
  const readable = [repository, at("state"), at("contract.json"), at("workflow.json")];
  const permissions = [
    "--permission",
    ...readable.map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${at("state")}`,
  ];
  const gateway = startGatewayProgram(
    ["--contract-path", "contract.json", "--workflow-path", "workflow.json", "--state-db", "state/jobs.db"].concat([
      "--comfy-url",
      comfy.url,
      "--listen-port",
      "0",
      "--app-id",
      "everything",
    ]),
    {
      cwd: folder,
      env: {
        COMFY_ENDPOINTS_API_KEY: apiKey,
        COMFY_ENDPOINTS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
        COMFY_ENDPOINTS_MAX_PAYLOAD_MB: "1",
        COMFY_ENDPOINTS_MAX_UPLOAD_MB: "1",
        HOME: at("home"),
        TMPDIR: at("tmp"),
      },
      program: [
        ...permissions,
        "--disable-warning=SecurityWarning",
        "--disable-warning=DEP0170",
        join(repository, "test/programs/hurried-gateway.ts"),
      ],
    },
  );
  const close = async (): Promise<void> => {
    await gateway.kill();
    await comfy.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = await gateway.url();
    // Of a file: one that may be anything, and stand for a picture too.
    const headers = { "x-api-key": apiKey, "content-type": "application/octet-stream" };
    const ask = (method: string, path: string, body?: string): Promise<Response> =>
      fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
    await until("the gateway is ready", async () => {
      const health = (await (await ask("GET", "/healthz")).json()) as Health;
      return health.status === "ok";
    });
    const memory = async (): Promise<Memory> => {
      const told = (): RegExpExecArray[] => [...gateway.stdout().matchAll(/"memory in use","bytes":(\d+)/g)];
      const before = told().length;
      gateway.process.kill("SIGUSR2");
      await until("the gateway tells its memory", () => told().length > before);
      const resident = residentBytes(gateway.process.pid ?? 0) / 1024 ** 2;
      return { resident, inUse: Number(told().at(-1)?.[1]) / 1024 ** 2 };
    };
    return { port: Number(new URL(url).port), gateway, folder, state: at("state"), memory, ask, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Things to name in requests: files, jobs that have a webhook, and keys. */
export async function furnish({ ask, gateway }: Stage): Promise<{ files: string[]; jobs: string[] }> {
  const put = async <T>(method: string, path: string, body: string): Promise<T> => {
    const response = await ask(method, path, body);
    if (response.ok) return (await response.json()) as T;
    throw new Error(`${method} ${path} answered ${response.status} ${await response.text()}\n${gateway.stdout()}`);
  };
  const files: string[] = [];
  const jobs: string[] = [];
  for (let at = 0; at < 10; at++) {
    const text = at < 5 ? `file ${at}` : "the same bytes";
    files.push((await put<FileObject>("POST", "/files", text)).file_id);
    const webhook = encodeURIComponent("https://hooks.invalid/");
    const run = JSON.stringify({ prompt: `${at}` });
    jobs.push((await put<{ job_id: string }>("POST", `/run?wait=20&webhook=${webhook}`, run)).job_id);
  }
  const names = Object.keys(keys).concat("web", "batch.1", "Ops_2", "9");
  for (const name of names) {
    const sha256 = createHash("sha256").update(`key-of-the-${name}`).digest("hex");
    await put("PUT", `/admin/keys/${name}`, JSON.stringify({ sha256, scopes: keys[name] ?? ["read"] }));
  }
  return { files, jobs };
}
