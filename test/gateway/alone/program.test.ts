import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileObject, Health, Job } from "../../../contract/api.ts";
import { createComfyUi } from "../../../local/comfyui/comfyui.ts";
import { nodeClasses } from "../../../local/comfyui/nodes/registry.ts";
import { png } from "../../support/gateway.ts";
import { type GatewayProgram, startGatewayProgram } from "../../support/gateway-program.ts";
import { until } from "../../support/until.ts";

/** A workflow of nodes that every ComfyUI has: none of ours. */
const workflow = {
  "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 2, color: 0 } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "drawn" } },
  "3": { class_type: "LoadImage", inputs: { image: "example.png" } },
  "4": { class_type: "PreviewImage", inputs: { images: ["3", 0] } },
};
const contract = {
  contract_id: "stock",
  version: "v1",
  inputs: [
    { name: "color", type: "integer", required: true, node_id: "1", min: 0, max: 0xffffff },
    { name: "photo", type: "image/png", required: true, node_id: "3", field: "image" },
  ],
  outputs: [
    { name: "drawings", type: "image/png", node_id: "2", multiple: true },
    { name: "seen", type: "image/png", node_id: "4" },
  ],
};
const stock = ["EmptyImage", "SaveImage", "PreviewImage", "LoadImage"];
const key = "key-of-the-gateway-alone";

let folder: string;
let comfyUi: ReturnType<typeof createComfyUi>;
let comfy: Awaited<ReturnType<typeof comfyUi.listen>> | undefined;
let gateways: GatewayProgram[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-alone-"));
  writeFileSync(join(folder, "contract.json"), JSON.stringify(contract));
  writeFileSync(join(folder, "workflow.json"), JSON.stringify(workflow));
  comfyUi = newComfyUi();
  comfy = undefined;
  gateways = [];
});
afterEach(async () => {
  for (const gateway of gateways) await gateway.kill();
  await comfy?.close();
  rmSync(folder, { recursive: true, force: true });
});

const newComfyUi = () => {
  const at = (name: string) => join(folder, "comfyui", name);
  const classes = new Map([...nodeClasses].filter(([name]) => stock.includes(name)));
  return createComfyUi({ folders: { output: at("output"), input: at("input"), temp: at("temp") }, classes });
};
const files = ["--contract-path", "contract.json", "--workflow-path", "workflow.json"];
const start = (flags: string[], env: Record<string, string> = {}): GatewayProgram => {
  const all = ["--listen-port", "0", "--state-db", "state/jobs.db", ...flags];
  const gateway = startGatewayProgram(all, { cwd: folder, env: { COMFY_ENDPOINTS_API_KEY: key, ...env } });
  gateways.push(gateway);
  return gateway;
};
const headers = { "x-api-key": key };
const health = async (url: string) => (await (await fetch(`${url}/healthz`)).json()) as Health;
const isReady = (url: string) => until("it is ready", async () => (await health(url)).status === "ok");
const post = async <T>(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  more: Record<string, string> = {},
): Promise<T> => (await (await fetch(url, { method: "POST", body, headers: { ...headers, ...more } })).json()) as T;
const get = async <T>(url: string): Promise<T> => (await (await fetch(url, { headers })).json()) as T;
const ended = async (url: string, id: string): Promise<Job> => {
  let job = await get<Job>(`${url}/jobs/${id}`);
  await until("the job ends", async () => {
    job = await get<Job>(`${url}/jobs/${id}`);
    return job.state !== "queued" && job.state !== "running";
  });
  return job;
};

describe("the gateway alone", () => {
  it("runs a workflow of stock nodes in a ComfyUI that somebody else started", async () => {
    comfy = await comfyUi.listen(0);
    const url = await start([...files, "--comfy-url", comfy.url, "--app-id", "stock"]).url();
    await isReady(url);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);

    const photo = await post<FileObject>(`${url}/files`, new Uint8Array(png), { "content-type": "image/png" });
    const run = { color: 0x00ff00, photo: photo.file_id };
    const { job_id } = await post<{ job_id: string }>(`${url}/run`, JSON.stringify(run));
    const job = await ended(url, job_id);
    expect(job).toMatchObject({ state: "completed", error: null });

    const result = job.output?.result as { drawings: string[]; seen: string };
    expect(result.drawings).toHaveLength(2);
    const drawing = await fetch(`${url}/files/${result.drawings[0] ?? ""}/download`, { headers });
    const pixels = PNG.sync.read(Buffer.from(await drawing.arrayBuffer()));
    expect([pixels.width, pixels.height, ...pixels.data.subarray(0, 3)]).toEqual([8, 8, 0, 255, 0]);
    expect(await get(`${url}/files/${result.seen}`)).toMatchObject({ media_type: "image/png", app_id: "stock" });

    // The same photo again is not copied again.
    const again = await post<{ job_id: string }>(`${url}/run`, JSON.stringify({ ...run, color: 1 }));
    expect((await ended(url, again.job_id)).state).toBe("completed");
    expect(readdirSync(join(folder, "comfyui/input/comfy-endpoints"))).toEqual([`${photo.file_id}.png`]);
  });

  it("waits for ComfyUI, says what for, and leaves it alone when it ends", async () => {
    comfy = await comfyUi.listen(0);
    const address = comfy.url;
    await comfy.close();
    comfy = undefined;
    const gateway = start([...files, "--comfy-url", address]);
    const url = await gateway.url();
    await until("it waits for ComfyUI", async () => (await health(url)).detail !== undefined);
    expect(await health(url)).toMatchObject({
      status: "starting",
      phase: "comfyui",
      detail: expect.stringMatching(
        new RegExp(`^waiting for ComfyUI at ${address}: it does not answer \\(.*ECONNREFUSED`),
      ) as string,
    });

    comfyUi = newComfyUi();
    comfy = await comfyUi.listen(Number(new URL(address).port));
    await isReady(url);
    gateway.process.kill("SIGTERM");
    expect(await gateway.exit()).toBe(0);
    expect((await fetch(`${address}/system_stats`)).status).toBe(200);
  });

  it("says which nodes ComfyUI lacks", async () => {
    comfy = await comfyUi.listen(0);
    const ours = { ...workflow, "1": { class_type: "PromptCard", inputs: { color: 0 } } };
    writeFileSync(join(folder, "workflow.json"), JSON.stringify(ours));
    const url = await start([...files, "--comfy-url", comfy.url]).url();
    await until("the boot failed", async () => (await health(url)).status === "failed");
    expect((await health(url)).detail).toBe(
      "ComfyUI lacks node classes of the workflow: PromptCard (node 1); add the node packs that bring them to the app",
    );
  });

  it("serves an app by its app.json", async () => {
    comfy = await comfyUi.listen(0);
    writeFileSync(join(folder, "workflow.contract.json"), JSON.stringify(contract));
    const app = {
      ...{
        app_id: "stock",
        version: "v1",
        workflow_path: "workflow.json",
        provider: "runpod",
        regions: ["US"],
        env: {},
      },
      endpoint: { name: "Stock", mode: "async", auth_mode: "api_key", timeout_seconds: 60, max_payload_mb: 1 },
      cache_policy: { watch_paths: [] },
      build: { comfy_version: "0.3.64", plugins: [] },
    };
    writeFileSync(join(folder, "app.json"), JSON.stringify(app));
    const url = await start(["--app", "app.json", "--comfy-url", comfy.url]).url();
    await isReady(url);
    expect(await get(`${url}/contract`)).toMatchObject({ contract_id: "stock" });
  });

  it("warns once of variables that do nothing any more", async () => {
    const gateway = start(files, {
      COMFY_ENDPOINTS_OUTPUT_POLL_SECONDS: "1.5",
      COMFY_ENDPOINTS_ARTIFACTS_DIR: "/artifacts",
    });
    await gateway.url();
    const warnings = gateway
      .stdout()
      .split("\n")
      .filter((line) => line.includes("does nothing"));
    expect(warnings.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: "warn",
        msg:
          '"COMFY_ENDPOINTS_OUTPUT_POLL_SECONDS" does nothing: ComfyUI\'s events tell when a prompt ends; unset it; ' +
          '"COMFY_ENDPOINTS_ARTIFACTS_DIR" does nothing: outputs are kept beside the database; set COMFY_ENDPOINTS_STATE_DB',
      }),
    ]);
  });

  it("prints its help without a key", async () => {
    const gateway = start(["--help"], { COMFY_ENDPOINTS_API_KEY: "" });
    expect(await gateway.exit()).toBe(0);
    expect(gateway.stdout()).toMatch(/^usage: npm run gateway -- \[flags\]\n/);
  });

  it.each<[string, string[], Record<string, string>, number, (at: (name: string) => string) => string]>([
    [
      "no key",
      files,
      { COMFY_ENDPOINTS_API_KEY: "" },
      1,
      () => 'the environment: "COMFY_ENDPOINTS_API_KEY" is missing; it must be the endpoint\'s key',
    ],
    [
      "a key as a flag",
      ["--api-key", "k"],
      {},
      2,
      () => expect.stringMatching(/^--api-key would show the key/) as string,
    ],
    [
      "a file that is missing",
      ["--contract-path", "gone.json", "--workflow-path", "workflow.json"],
      {},
      1,
      (at) => `${at("gone.json")} cannot be read; put the file there`,
    ],
    [
      "an address that is none",
      [...files, "--comfy-url", "localhost"],
      {},
      2,
      () => '--comfy-url is "localhost"; give an address such as http://127.0.0.1:8188',
    ],
    [
      "a database of somebody else's",
      [...files, "--state-db", "contract.json"],
      {},
      1,
      (at) =>
        `${at("contract.json")} cannot be opened as the database of jobs (file is not a database); give a new file, in a folder that can be written`,
    ],
  ])("ends with one line on stderr for %s", async (_, flags, env, code, message) => {
    const gateway = start(flags, env);
    expect(await gateway.exit()).toBe(code);
    expect(gateway.stderr().split("\n").slice(1)).toEqual([""]);
    expect(gateway.stderr().replace(/^error: (.*)\n$/, "$1")).toEqual(message((name) => join(folder, name)));
    expect(gateway.stdout()).toBe("");
  });

  it("ends with one line for a port that is taken, and for a database that is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await until("the port is taken", () => server.listening);
    const { port } = server.address() as { port: number };
    const taken = start([...files, "--listen-port", String(port)]);
    expect(await taken.exit()).toBe(1);
    expect(taken.stderr()).toMatch(new RegExp(`^error: cannot listen on 127\\.0\\.0\\.1:${port} \\(.*\n$`));
    server.close();

    await start(files).url();
    const second = start(files);
    expect(await second.exit()).toBe(1);
    expect(second.stderr()).toBe(
      `error: ${join(folder, "state/jobs.db")} cannot be opened as the database of jobs (database is locked); ` +
        "another gateway uses it: stop that one, or give this one a file of its own\n",
    );
  });
});
