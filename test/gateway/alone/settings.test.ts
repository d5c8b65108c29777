import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settingsAlone } from "../../../gateway/alone.ts";
import { FlagError, type Flags } from "../../../gateway/flags.ts";
import { writeApp } from "../../support/app-folder.ts";
import { contractDocument, workflowDocument } from "../../support/apps.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-alone-"));
  writeApp(join(folder, "app"), { env: { HF_HOME: "/models", COMFY_ENDPOINTS_API_KEY: "key-of-the-app" } });
});
afterAll(() => rmSync(folder, { recursive: true }));

const paths: Flags = { "contract-path": "c.json", "workflow-path": "/w.json" };
const key = { COMFY_ENDPOINTS_API_KEY: "k-1" };

describe("the settings of a gateway that is started by hand", () => {
  it("are at home in the caller's folder, on this machine alone, and attach to ComfyUI's own port", () => {
    expect(settingsAlone(paths, key, "/home/me")).toMatchObject({
      appId: null,
      apiKey: "k-1",
      listen: { host: "127.0.0.1", port: 3000 },
      contract: { path: "/home/me/c.json" },
      workflow: { path: "/w.json" },
      comfy: { url: "http://127.0.0.1:8188", folder: null, process: null },
      state: {
        database: "/home/me/.comfy_endpoints/gateway/any/jobs.db",
        files: "/home/me/.comfy_endpoints/gateway/any/files",
      },
    });
  });

  it("are what the flags say, whatever the environment says", () => {
    const flags: Flags = {
      ...paths,
      "comfy-url": "https://gpu.example/comfy/",
      "listen-host": "0.0.0.0",
      "listen-port": "0",
      "state-db": "data/jobs.db",
      "app-id": "cards",
    };
    const env = {
      ...key,
      COMFY_ENDPOINTS_APP_ID: "other",
      COMFY_ENDPOINTS_CONTRACT_JSON: "{}",
      COMFY_ENDPOINTS_WORKFLOW_JSON: "{}",
      COMFY_ENDPOINTS_STATE_DB: "/other.db",
      COMFY_ENDPOINTS_GATEWAY_PORT: "3001",
      COMFY_START_COMMAND: "python main.py",
    };
    expect(settingsAlone(flags, env, "/home/me")).toMatchObject({
      appId: "cards",
      listen: { host: "0.0.0.0", port: 0 },
      contract: { subject: "/home/me/c.json", path: "/home/me/c.json" },
      workflow: { subject: "/w.json", path: "/w.json" },
      comfy: { url: "https://gpu.example/comfy", process: null },
      state: { database: "/home/me/data/jobs.db", files: "/home/me/data/files" },
    });
  });

  it("are the environment's where no flag says otherwise", () => {
    const env = {
      ...key,
      COMFY_ENDPOINTS_APP_ID: "../cards",
      COMFY_ENDPOINTS_CONTRACT_JSON: "{}",
      COMFY_ENDPOINTS_WORKFLOW_JSON: "{}",
      COMFY_ENDPOINTS_GATEWAY_PORT: "3001",
      COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS: "7",
    };
    const settings = settingsAlone({ "listen-host": "127.0.0.1" }, env, "/home/me");
    expect(settings).toMatchObject({
      listen: { port: 3001 },
      contract: { text: "{}" },
      state: { database: "/home/me/.comfy_endpoints/gateway/___cards/jobs.db" },
      limits: { jobTimeoutMs: 7000 },
    });
    const elsewhere = { ...env, COMFY_ENDPOINTS_STATE_DB: "/data/my.db" };
    expect(settingsAlone({}, elsewhere, "/home/me").state.database).toBe("/data/my.db");
  });

  it("start a ComfyUI when there is a command for it and no address", () => {
    const env = { ...key, COMFY_START_COMMAND: "python3 main.py" };
    expect(settingsAlone(paths, env, "/home/me").comfy).toMatchObject({
      url: "http://127.0.0.1:8188",
      process: { command: ["python3", "main.py"] },
    });
  });

  it("are those of the pod of an app", () => {
    const settings = settingsAlone({ app: "app/app.json" }, key, folder);
    expect(settings).toMatchObject({
      appId: "cards",
      apiKey: "k-1",
      contract: { text: JSON.stringify(contractDocument) },
      workflow: { text: JSON.stringify(workflowDocument) },
      state: { database: join(folder, ".comfy_endpoints/gateway/cards/jobs.db") },
      limits: { jobTimeoutMs: 60_000, payloadBytes: 1024 ** 2, uploadBytes: 2048 * 1024 ** 2 },
    });
    expect(settingsAlone({ app: "app/app.json" }, {}, folder).apiKey).toBe("key-of-the-app");
  });

  it("know ComfyUI's folder when they are told it", () => {
    mkdirSync(join(folder, "comfy/output"), { recursive: true });
    const flags: Flags = { ...paths, "comfy-folder": "comfy" };
    expect(settingsAlone(flags, key, folder).comfy).toMatchObject({ folder: join(folder, "comfy"), process: null });
    const starting = settingsAlone(flags, { ...key, COMFY_START_COMMAND: "python main.py" }, folder);
    expect(starting.comfy).toMatchObject({
      folder: join(folder, "comfy"),
      process: { command: ["python", "main.py"] },
    });
  });

  it.each<[Flags, string]>([
    [
      { ...paths, "comfy-url": "127.0.0.1:8188" },
      '--comfy-url is "127.0.0.1:8188"; give an address such as http://127.0.0.1:8188',
    ],
    [
      { ...paths, "comfy-url": "http://me:secret@gpu" },
      "--comfy-url holds a password; ComfyUI has none, and it would show in the list of processes",
    ],
    [{ ...paths, "listen-port": "70000" }, '--listen-port is "70000"; give a port from 0 to 65535'],
    [
      { ...paths, "comfy-folder": "/no/comfy" },
      '--comfy-folder is "/no/comfy", which has no folder "output"; give the one that has ComfyUI\'s main.py',
    ],
    [{ "workflow-path": "w.json" }, "the contract is missing; give --contract-path FILE, or --app app.json"],
    [{ "contract-path": "c.json" }, "the workflow is missing; give --workflow-path FILE, or --app app.json"],
    [
      { app: "app/app.json", "contract-path": "c.json" },
      "--app names the workflow and its contract; drop --contract-path",
    ],
  ])("are refused in one line: %j", (flags, message) => {
    expect(() => settingsAlone(flags, key, folder)).toThrow(new FlagError(message));
  });
});
