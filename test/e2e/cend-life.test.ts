import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCend } from "../support/cend.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { until } from "../support/until.ts";

/** What a user does with the command line, in that order, on the local RunPod. */
describe("an endpoint in the hands of cend", () => {
  let account: LocalAccount;
  let folder: string;
  let env: Record<string, string | undefined>;
  const app = "demo/app.json";

  beforeAll(async () => {
    account = await startLocalAccount();
    folder = mkdtempSync(join(tmpdir(), "cend-life-"));
    env = { ...pulumiEnv(folder), ...account.env };
  });
  afterAll(async () => {
    await account.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (args: string[], changed = {}) =>
    startCend([...args, "--state-dir", "state"], { cwd: folder, env: { ...env, ...changed } });
  const cend = async (...args: string[]) => {
    const { code, stdout, stderr } = await start(args).ended;
    return { code, stderr, answer: JSON.parse(stdout === "" ? "null" : stdout) as Record<string, unknown> | null };
  };

  it("begins with a demo that init writes, and says what a deployment of it would do", async () => {
    expect((await cend("init", "demo")).code).toBe(0);
    const { code, answer, stderr } = await cend("preview", app, "--config", "idleStopMinutes=30");
    expect(code, stderr).toBe(0);
    expect(answer).toMatchObject({ app_id: "demo", changes: { create: expect.any(Number) as number } });
    expect(stderr).toContain("expected cost: ");
    expect(await account.pods()).toEqual([]);
    expect((await cend("status", "demo")).code).toBe(3);
  });

  it("finds nothing wrong with an account that has money and GPUs, and says what is", async () => {
    const healthy = await cend("doctor");
    expect(healthy.answer?.["checks"]).toEqual(
      expect.arrayContaining([
        { name: "runpod", status: "ok", detail: "the API key is accepted" },
        {
          name: "balance",
          status: "ok",
          detail: expect.stringMatching(/^\d+\.\d\d USD, 0\.00 USD per hour/) as string,
        },
        {
          name: "gpus",
          status: "ok",
          detail: expect.stringMatching(/^\d+ kinds in stock, from 0\.\d\d USD/) as string,
        },
      ]),
    );
    const { code, stdout } = await start(["doctor"], { RUNPOD_API_KEY: "wrong" }).ended;
    expect(code).toBe(1);
    const checks = (JSON.parse(stdout) as { checks: { name: string }[] }).checks.filter(
      ({ name }) => name === "runpod",
    );
    expect(checks).toEqual([
      {
        ...{ name: "runpod", status: "fail", detail: "RunPod does not accept the API key" },
        remedy: expect.stringContaining("set RUNPOD_API_KEY") as string,
      },
    ]);
  });

  it("names a wrong RunPod key in one line, and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await start(["deploy", app], { RUNPOD_API_KEY: "wrong" }).ended;
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(
      /^error: pulumi up of demo failed: endpoint-owner: RunPod does not accept the API key; set RUNPOD_API_KEY /,
    );
    expect((await cend("status", "demo")).stderr).toContain('error: "demo" is not deployed; ');
  });

  it("stops in order when it is interrupted in the middle of a deployment", async () => {
    const { child, ended } = start(["deploy", app]);
    let progress = "";
    child.stderr.on("data", (text: Buffer) => (progress += text.toString()));
    await until("the engine is at work", () => progress.includes("creating"), 30);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toContain("^C received; cancelling.");
  });

  it("deploys, and prints the original's document", async () => {
    const { code, answer, stderr } = await cend("deploy", app);
    expect(code, stderr).toBe(0);
    const [pod] = await account.pods();
    expect(answer).toEqual({
      app_id: "demo",
      deployment_id: pod?.id,
      state: "READY",
      endpoint_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) as string,
      api_key_ref: "stack output apiKey of demo",
    });
    expect(stderr).toMatch(/endpoint-pod created/);
  });

  it("tells what another config would change, and keeps the present one", async () => {
    const config = () => readFileSync(join(folder, "state/stacks/Pulumi.demo.yaml"), "utf8");
    const before = config();
    const { code, answer, stderr } = await cend("preview", app, "--config", "podRotation=next");
    expect(code, stderr).toBe(0);
    expect(answer).toMatchObject({ changes: { replace: expect.any(Number) as number } });
    expect(config()).toBe(before);
  });

  it("asks the endpoint for a picture and saves it", async () => {
    const { code, answer } = await cend("demo", "--input-prompt", "a lighthouse", "--wait", "--out", "pictures");
    expect(code).toBe(0);
    const [file] = answer?.["files"] as { path: string; size_bytes: number }[];
    const bytes = readFileSync(file?.path ?? "");
    expect(bytes.length).toBe(file?.size_bytes);
    expect(PNG.sync.read(bytes)).toMatchObject({ width: 768, height: 512 });
  });

  it("shows the gateway's log, where it is, and what it costs", async () => {
    const logs = await cend("logs", "demo", "--tail", "500");
    expect(logs.answer).toMatchObject({ app_id: "demo", state: "READY", source: "gateway" });
    expect(logs.answer?.["pod_logs_tail"]).toContain('"msg":"');
    expect((await cend("open", "demo")).answer?.["url"]).toMatch(/^http:\/\/127\.0\.0\.1:.*\/$/);
    const [pod] = await account.pods();
    expect((await cend("costs")).answer).toMatchObject({
      items: [{ app_id: "demo", deployment_id: pod?.id, pod: "RUNNING", cost_per_job: expect.any(Number) as number }],
      cost_per_hour: expect.any(Number) as number,
      balance: expect.any(Number) as number,
    });
  });

  it("tells how a stopped pod is started, and shows what its container said", async () => {
    const [pod] = await account.pods();
    await account.mutate(`podStop(input: { podId: "${pod?.id ?? ""}" }) { id }`);
    expect((await cend("status", "demo")).answer).toMatchObject({
      state: "DEGRADED",
      metadata: { status_detail: `pod ${pod?.id ?? ""} is stopped; start it again: cend wake demo` },
    });
    expect((await cend("costs", "demo")).answer).toMatchObject({ items: [{ pod: "EXITED" }], cost_per_hour: 0 });
    expect((await cend("demo", "--input-prompt", "fog")).stderr).toContain("; cend status demo tells how its pod is\n");
    expect((await cend("logs", "demo")).answer).toMatchObject({ state: "DEGRADED", source: "container" });
    const refreshed = await cend("refresh", "demo");
    expect(refreshed.code, refreshed.stderr).toBe(0);
    expect(refreshed.answer).toMatchObject({ app_id: "demo", changes: { same: expect.any(Number) as number } });
  });

  it("says that an endpoint whose pod was taken away cannot be used", async () => {
    const [pod] = await account.pods();
    await account.mutate(`podTerminate(input: { podId: "${pod?.id ?? ""}" })`);
    const { code, answer } = await cend("status", "demo");
    expect(code).toBe(0);
    expect(answer).toMatchObject({
      ...{ state: "DEGRADED", deployment_id: pod?.id },
      metadata: { status_detail: expect.stringContaining("is gone; rent another one") as string },
    });
  });

  it("exits with 1 when a boot fails", async () => {
    expect((await cend("init", "broken")).code).toBe(0);
    const file = join(folder, "broken/app.json");
    const source_url = `${account.env["RUNPOD_API_BASE_URL"] ?? ""}/no-such-model`;
    const gone = { source_url, match: "m", target_subdir: "vae", target_path: "m" };
    const document = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...document, artifacts: [gone] }));
    const deployed = await cend("deploy", "broken/app.json");
    expect(deployed).toMatchObject({ code: 1, answer: null });
    expect(deployed.stderr).toContain("error: pulumi up of broken failed: endpoint-ready: the endpoint's boot failed");
  });

  it("tells where the pod of that boot is, what it said, and what it costs", async () => {
    const status = await cend("status", "broken");
    const deployment_id = status.answer?.["deployment_id"] as string;
    expect(status).toMatchObject({
      code: 0,
      answer: {
        state: "DEGRADED",
        metadata: {
          contract_id: null,
          status_detail: `pod ${deployment_id} is stopped; start it again: cend deploy <app.json of broken>`,
        },
      },
    });
    const logs = await cend("logs", "broken");
    expect(logs).toMatchObject({ code: 0, answer: { deployment_id, source: "container" } });
    expect(logs.answer?.["pod_logs_tail"]).toContain("vae/m cannot be fetched");
    expect((await cend("costs", "broken")).answer).toMatchObject({ items: [{ deployment_id, pod: "EXITED" }] });
    expect((await cend("invoke", "broken", "--input-prompt", "fog")).stderr).toBe(
      "error: the deployment of broken did not finish; deploy it again, or destroy it\n",
    );
  });

  it("destroys everything, and once more does no harm", async () => {
    expect(await cend("destroy", "broken")).toMatchObject({ code: 0, answer: { result: "destroyed" } });
    expect(await cend("destroy", app)).toMatchObject({ code: 0, answer: { result: "destroyed" } });
    expect(await account.pods()).toEqual([]);
    expect(await cend("destroy", "demo")).toMatchObject({ code: 0, answer: { result: "destroyed" } });
  });
}, 180_000);
