import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileObject, Job } from "../../../contract/api.ts";
import { freePorts } from "../../../local/host/free-ports.ts";
import { contractDocument, workflowDocument } from "../../support/apps.ts";
import { createComfyStub } from "../../support/comfyui.ts";
import { png } from "../../support/gateway.ts";
import { type GatewayProgram, startGatewayProgram } from "../../support/gateway-program.ts";
import { until } from "../../support/until.ts";

const standIn = join(import.meta.dirname, "../../../local/comfyui/main.ts");
const key = "key-of-a-pod";
const photoContract = {
  contract_id: "photo",
  version: "v1",
  inputs: [{ name: "photo", type: "image/png", required: true, node_id: "1", field: "image" }],
  outputs: [
    { name: "saved", type: "image/png", node_id: "2" },
    { name: "shown", type: "image/png", node_id: "3" },
  ],
};
const photoWorkflow = {
  prompt: {
    "1": { class_type: "LoadImage", inputs: { image: "example.png" } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "card" } },
    "3": { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
  },
};

let folder: string;
let gateway: GatewayProgram;
let url: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-own-folders-"));
});
afterEach(async () => {
  gateway.process.kill("SIGTERM");
  await gateway.exit();
  rmSync(folder, { recursive: true, force: true });
});

/** A gateway as in a pod of the image, where `python` is a script. */
async function start(python: string, comfyPort: number, contract: object, workflow: object): Promise<void> {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "python"), `#!/bin/sh\n${python}\n`, { mode: 0o755 });
  const [port = 0] = await freePorts(1);
  gateway = startGatewayProgram([], {
    cwd: folder,
    env: {
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      COMFY_ENDPOINTS_API_KEY: key,
      COMFY_ENDPOINTS_CONTRACT_JSON: JSON.stringify(contract),
      COMFY_ENDPOINTS_WORKFLOW_JSON: JSON.stringify(workflow),
      COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: folder,
      COMFY_ENDPOINTS_LOCAL_PORTS: `3000:${port},8188:${comfyPort}`,
    },
  });
  url = await gateway.url();
  await until("the gateway is ready", async () => (await fetch(`${url}/healthz`)).ok, 60);
}
const request = async <T>(path: string, init: RequestInit = {}): Promise<T> =>
  (await (await fetch(url + path, { ...init, headers: { "x-api-key": key } })).json()) as T;
const run = (inputs: object): Promise<Job> => request("/run?wait=20", { method: "POST", body: JSON.stringify(inputs) });
const filesBelow = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(path.length + 1))
    .sort();

describe("the ComfyUI of a pod", () => {
  it("reads and writes in folders of ours, and nothing where its code is", async () => {
    const [comfyPort = 0] = await freePorts(1);
    await start(`shift; exec "${process.execPath}" "${standIn}" "$@"`, comfyPort, photoContract, photoWorkflow);
    const { file_id } = await request<FileObject>("/files", { method: "POST", body: new Uint8Array(png) });
    expect(await run({ photo: file_id })).toMatchObject({ state: "completed" });
    const found = filesBelow(join(folder, "opt/comfy_endpoints/comfyui"));
    expect(found).toEqual([
      expect.stringMatching(/^input\/comfy-endpoints\/\w+\.png$/),
      expect.stringMatching(/^output\/.*card_00001_\.png$/),
      expect.stringMatching(/^temp\/ComfyUI_temp_.*\.png$/),
    ]);
    expect(existsSync(join(folder, "opt/comfy"))).toBe(false);
  }, 60_000);

  it("is not asked for what it wrote there", async () => {
    const comfy = await createComfyStub();
    const words = join(folder, "words");
    const told = (flag: string): string => {
      const flags = readFileSync(words, "utf8").split("\n");
      return flags[flags.indexOf(flag) + 1] ?? "";
    };
    // It does not know of the file itself.
    let type = "output";
    comfy.onPrompt = ({ id }) => {
      const path = type === "output" ? told("--output-directory") : join(told("--temp-directory"), "temp");
      mkdirSync(join(path, "a"), { recursive: true });
      writeFileSync(join(path, "a/x.png"), png);
      comfy.finish(id, { "3": { images: [{ filename: "x.png", subfolder: "a", type }] } });
    };
    const port = Number(new URL(comfy.url).port);
    await start(`printf '%s\\n' "$@" > ${words}; exec cat`, port, contractDocument, workflowDocument);
    for (type of ["output", "temp"]) expect(await run({ prompt: type })).toMatchObject({ state: "completed" });
    await comfy.close();
  }, 60_000);
});
