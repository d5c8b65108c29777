import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDeployment } from "../../cli/stacks/deployment.ts";
import { openProject } from "../../cli/stacks/project.ts";
import { engine, engineEnv } from "../../scripts/engine/index.js";
import { writeApp } from "../support/app-folder.ts";
import { contractDocument } from "../support/apps.ts";
import { startCend } from "../support/cend.ts";
import { type GatewayDouble, startGatewayDouble } from "../support/gateway-double.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { writeTinyProgram } from "../support/tiny-program.ts";
import { until } from "../support/until.ts";

let folder: string;
let gateway: GatewayDouble;
let env: Record<string, string | undefined>;

const picture = `fid_${"a".repeat(32)}`;

// A stack of the tiny program stands for a deployed endpoint; its address is the double's.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "cend-"));
  gateway = await startGatewayDouble(contractDocument, "key-in-clear");
  gateway.files.set(picture, { bytes: Buffer.from("a picture"), mediaType: "image/png", name: null });
  env = pulumiEnv(folder);
  const found = await engine({ onProgress: () => undefined });
  const project = await openProject({
    stateDir: join(folder, "state"),
    env,
    engine: { pulumi: found.pulumi, env: engineEnv(found, env) },
    program: writeTinyProgram(join(folder, "program")),
  });
  const deployment = await createDeployment(project, "cards");
  await deployment.configure({ app: writeApp(join(folder, "app"), { env: { ENDPOINT_URL: gateway.url } }) });
  await deployment.up();
  // Somebody else's, without an endpoint.
  await createDeployment(project, "other");
  rmSync(join(folder, "state/stacks/Pulumi.other.yaml"), { force: true });
}, 120_000);

afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  gateway.requests = [];
  gateway.runs = [];
  gateway.states = ["completed"];
  gateway.result = { image: picture };
  gateway.contract = contractDocument;
  gateway.health = { status: "ok", phase: "ready" };
});

const start = (...args: string[]) => startCend([...args, "--state-dir", "state"], { cwd: folder, env });
const cend = (...args: string[]) => start(...args).ended;
const json = (text: string) => JSON.parse(text) as unknown;

describe("cend with a deployed endpoint", () => {
  it("tells the state that the endpoint itself reports", async () => {
    gateway.health = { status: "starting", phase: "models", detail: "flux1-schnell 41 %" };
    const { code, stdout } = await cend("status", "cards");
    expect(code).toBe(0);
    expect(json(stdout)).toEqual({
      app_id: "cards",
      deployment_id: "pod1",
      state: "BOOTSTRAPPING",
      endpoint_url: gateway.url,
      metadata: {
        image_ref: "example/golden:1",
        contract_id: "cards-contract",
        status_detail: "models: flux1-schnell 41 %",
        gpu_type: "NVIDIA L4",
        data_center: "US-KS-2",
        cost_per_hour: 0.44,
      },
    });
  });

  it("lists the endpoint with its health, and its files with the key of the deployment", async () => {
    const { code, stdout } = await cend("endpoints", "list");
    expect(code).toBe(0);
    expect(json(stdout)).toEqual({
      items: [
        {
          ...{ app_id: "cards", deployment_id: "pod1", endpoint_url: gateway.url },
          ...{ state: "READY", health: "healthy", detail: "ready" },
        },
      ],
    });
    expect(json((await cend("files", "list")).stdout)).toMatchObject({
      items: [{ file_id: picture }],
      next_cursor: null,
    });
  });

  it("lists and invokes what a shared backend holds, on a machine that deployed none of it", async () => {
    const shared = {
      PULUMI_BACKEND_URL: pathToFileURL(join(folder, "state/backend")).href,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "state/passphrase"),
    };
    const there = (...args: string[]) =>
      startCend([...args, "--state-dir", "elsewhere"], { cwd: folder, env: { ...env, ...shared } }).ended;
    const { stdout } = await there("endpoints", "list");
    expect(json(stdout)).toMatchObject({ items: [{ app_id: "cards", endpoint_url: gateway.url, health: "healthy" }] });
    expect((json(stdout) as { items: unknown[] }).items).toHaveLength(1);
    expect(await there("cards", "--input-prompt", "fog")).toMatchObject({ code: 0, stderr: "" });
    expect(await there("other", "--input-prompt", "fog")).toMatchObject({ code: 2, stdout: "" });
  });

  it("queues a run with the key of the deployment", async () => {
    const { code, stdout } = await cend("invoke", "cards", "--input-prompt", "fog");
    expect(code).toBe(0);
    expect(json(stdout)).toEqual({
      app_id: "cards",
      endpoint_url: gateway.url,
      request: { prompt: "fog" },
      response: { job_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, state: "queued" },
    });
  });

  it("waits for a run, and saves what it made", async () => {
    const { code, stdout, stderr } = await cend("cards", "--input-prompt", "fog", "--wait", "--out", "pictures");
    expect(code).toBe(0);
    const { run, job, files } = json(stdout) as {
      run: { job_id: string };
      job: { state: string };
      files: { path: string }[];
    };
    const path = join(folder, "pictures", `image-${run.job_id.slice(0, 8)}.png`);
    expect(job.state).toBe("completed");
    expect(files).toEqual([{ name: "image", path, size_bytes: 9 }]);
    expect(readFileSync(path, "utf8")).toBe("a picture");
    expect(stderr).toBe(`job ${run.job_id}\ncompleted\n`);
  });

  it("prints a failed job and exits with 1", async () => {
    gateway.states = ["failed"];
    const { code, stdout } = await cend("invoke", "cards", "--input-json", '{"prompt": "fog"}', "--wait");
    expect(code).toBe(1);
    expect(json(stdout)).toMatchObject({ job: { state: "failed", error: "PROMPT_FAILED:no memory" } });
  });

  it("tells every wrong flag before anything is sent, and exits with 2", async () => {
    const { code, stdout, stderr } = await cend("invoke", "cards", "--input-promt", "fog");
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'error: invoke cards has 2 problems:\n  "--input-promt" is not known (did you mean --input-prompt?); this endpoint takes --input-prompt\n  "prompt" is missing; give a string\n',
    });
    expect(gateway.requests).toEqual(["GET /contract"]);
  });

  it("uploads the files of media inputs once everything else is right", async () => {
    const photo = { name: "photo", type: "image/png", required: true, node_id: "1" };
    gateway.contract = { ...contractDocument, inputs: [...contractDocument.inputs, photo] };
    writeFileSync(join(folder, "photo.png"), "a photo");
    const wrong = await cend("invoke", "cards", "--input-prompt", "fog", "--input-photo-file", "foto.png");
    expect(wrong).toEqual({
      code: 2,
      stdout: "",
      stderr: `error: invoke cards: "--input-photo-file" is ${join(folder, "foto.png")}; there is no such file\n`,
    });
    expect(gateway.requests).toEqual(["GET /contract"]);

    expect((await cend("invoke", "cards", "--input-prompt", "fog", "--input-photo-file", "photo.png")).code).toBe(0);
    expect(gateway.requests.slice(1)).toEqual(["GET /contract", "POST /files", "POST /run"]);
    const [run] = gateway.runs as { prompt: string; photo: string }[];
    expect(gateway.files.get(run?.photo ?? "")?.bytes.toString()).toBe("a photo");
    expect(run?.prompt).toBe("fog");
  });

  it("takes the key of the environment before the deployment's", async () => {
    const { code, stderr } = await startCend(["invoke", "cards", "--input-prompt", "fog", "--state-dir", "state"], {
      cwd: folder,
      env: { ...env, COMFY_ENDPOINTS_API_KEY_CARDS: "wrong" },
    }).ended;
    expect(code).toBe(4);
    expect(stderr).toBe(
      `error: GET ${gateway.url}/contract answered 401 unauthorized; set COMFY_ENDPOINTS_API_KEY or COMFY_ENDPOINTS_API_KEY_CARDS, or leave both unset to use the key of the deployment\n`,
    );
  });

  it("cancels the job it waits for when it is interrupted, and exits with 130", async () => {
    gateway.states = ["running"];
    const { child, ended } = start("invoke", "cards", "--input-prompt", "fog", "--wait");
    await until("the job is asked for", () => gateway.requests.some((request) => request.startsWith("GET /jobs/")));
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(gateway.requests.at(-1)).toMatch(/^POST \/jobs\/[0-9a-f]{32}\/cancel$/);
  });

  it("tells the flags of one app's contract", async () => {
    const { code, stdout } = await cend("invoke", "cards", "--help");
    expect(code).toBe(0);
    expect(stdout).toContain("  --input-prompt STRING  string, required\n");
    expect(stdout).toContain('  cend invoke cards --input-prompt "a lighthouse in heavy fog" --wait\n');
  });

  it("leaves no stack of a deployment that failed before it rented anything", async () => {
    writeApp(join(folder, "vast"), { app_id: "elsewhere", provider: "vast" });
    const { code, stdout, stderr } = await cend("deploy", "vast/app.json");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("Updating (elsewhere)");
    expect(stderr).toMatch(
      /\nerror: pulumi up of elsewhere failed: .*app\.json: "provider" is "vast"; pods are rented from "runpod" only\n$/,
    );
    expect((await cend("status", "elsewhere")).stderr).toBe('error: "elsewhere" is not deployed; deployed are cards\n');
  });

  it("destroys by id although app.json is broken", async () => {
    writeFileSync(join(folder, "app/app.json"), "{");
    const { code, stdout } = await cend("destroy", "cards");
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{\n  "result": "destroyed"\n}\n' });
    expect((await cend("status", "cards")).stderr).toBe(
      'error: "cards" is not deployed; deploy it first: cend deploy <app.json>\n',
    );
  });
}, 120_000);
