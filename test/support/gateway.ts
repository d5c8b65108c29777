import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ErrorBody, FileObject, Job } from "../../contract/api.ts";
import { createGateway, type Gateway, type Surroundings } from "../../gateway/gateway.ts";
import { createLog } from "../../gateway/log.ts";
import { type GatewaySettings, readSettings } from "../../gateway/settings.ts";
import { apiDocument } from "./api-document.ts";
import { contractDocument, workflowDocument } from "./apps.ts";
import { type ComfyStub, createComfyStub } from "./comfyui.ts";
import { until } from "./until.ts";

export const apiKey = "test-key-of-the-endpoint";

/** A PNG of one pixel. */
export const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export interface TestGateway {
  url: string;
  comfy: ComfyStub;
  /** Lines of the log. */
  log: Record<string, unknown>[];
  settings: GatewaySettings;
  /** A request with the key; fails when the endpoint's OpenAPI document does not have the answer. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Queues a run; answers its job id. */
  run(inputs: unknown): Promise<string>;
  job(id: string): Promise<Job>;
  /** Waits for a job to be in a state; answers it. */
  jobIn(state: Job["state"], id: string): Promise<Job>;
  upload(bytes: Buffer, headers?: Record<string, string>): Promise<FileObject>;
  /** Stops the gateway and starts another on the same state. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestGatewayOptions {
  contract?: unknown;
  workflow?: unknown;
  env?: Record<string, string>;
  settings?: (settings: GatewaySettings) => GatewaySettings;
  surroundings?: Surroundings;
  /** Called with the stub before the gateway starts. */
  comfy?: (comfy: ComfyStub) => void;
  /** Whether to wait until it is ready; default yes. */
  ready?: boolean;
}

/** A whole gateway on loopback, before a stub of ComfyUI; its child process is one that only waits. */
export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-gateway-"));
  const comfy = await createComfyStub();
  options.comfy?.(comfy);
  const read = readSettings({
    COMFY_ENDPOINTS_API_KEY: apiKey,
    COMFY_ENDPOINTS_APP_ID: "cards",
    COMFY_ENDPOINTS_CONTRACT_JSON: JSON.stringify(options.contract ?? contractDocument),
    COMFY_ENDPOINTS_WORKFLOW_JSON: JSON.stringify(options.workflow ?? workflowDocument),
    COMFY_ENDPOINTS_CACHE_ROOT: folder,
    // Nothing of this machine's becomes a link, as nothing below is swept.
    COMFY_ENDPOINTS_COMFY_MODELS_ROOT: join(folder, "comfy/models"),
    // Ends when its stdin does, as the gateway does not outlive its test.
    COMFY_START_COMMAND: "cat",
    ...options.env,
  });
  const local = {
    ...{ ...read, listen: { host: "127.0.0.1", port: 0 } },
    comfy: { ...read.comfy, url: comfy.url, folder: join(folder, "comfy") },
    provisioning: read.provisioning && { ...read.provisioning, comfy: join(folder, "comfy") },
  };
  const settings = options.settings?.(local) ?? local;
  const log: Record<string, unknown>[] = [];
  const document = apiDocument(options.contract ?? contractDocument);

  const start = async (): Promise<Gateway> => {
    const gateway = createGateway(
      settings,
      createLog((line) => log.push(JSON.parse(line) as Record<string, unknown>)),
      options.surroundings,
    );
    test.url = `http://127.0.0.1:${await gateway.start()}`;
    if (options.ready !== false) {
      await until("the gateway is ready", async () => (await fetch(`${test.url}/healthz`)).ok && comfy.sockets() > 0);
    }
    return gateway;
  };

  const test: TestGateway = {
    url: "",
    comfy,
    log,
    settings,
    request: async (path, init = {}) => {
      const headers = new Headers(init.headers);
      if (!headers.has("x-api-key")) headers.set("x-api-key", apiKey);
      const response = await fetch(`${test.url}${path}`, { ...init, headers });
      await document.holds(init.method ?? "GET", path, response);
      return response;
    },
    run: async (inputs) => {
      const response = await test.request("/run", { method: "POST", body: JSON.stringify(inputs) });
      const body = (await response.json()) as { job_id: string } & ErrorBody;
      if (response.status !== 202) throw new Error(`POST /run answered ${response.status} ${JSON.stringify(body)}`);
      return body.job_id;
    },
    job: async (id) => (await (await test.request(`/jobs/${id}`)).json()) as Job,
    jobIn: async (state, id) => {
      let job = await test.job(id);
      await until(
        `job ${state}, it is ${job.state} ${job.error ?? ""}`,
        async () => {
          job = await test.job(id);
          return job.state === state;
        },
        5,
      );
      return job;
    },
    upload: async (bytes, headers = {}) => {
      const response = await test.request("/files", { method: "POST", body: new Uint8Array(bytes), headers });
      if (response.status !== 201) throw new Error(`POST /files answered ${response.status} ${await response.text()}`);
      return (await response.json()) as FileObject;
    },
    restart: async () => {
      await gateway.stop();
      gateway = await start();
    },
    stop: async () => {
      await gateway.stop();
      await comfy.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  let gateway = await start();
  return test;
}

/** Makes the stub end every prompt of the small app with a picture. */
export function drawPictures(comfy: ComfyStub): void {
  comfy.onPrompt = ({ id, prompt }) => {
    const subfolder = String(prompt["3"]?.inputs["filename_prefix"]).split("/").slice(0, -1).join("/");
    comfy.files.set(`${subfolder}/image_00001_.png`, { bytes: png, contentType: "image/png" });
    comfy.finish(id, { "3": { images: [{ filename: "image_00001_.png", subfolder, type: "output" }] } });
  };
}
