import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCend } from "../support/cend.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { until } from "../support/until.ts";

const demo = join(import.meta.dirname, "../../apps/demo");

/** A pod that stops itself, and is woken: on the local RunPod, in that order. */
describe("an endpoint whose pod stops when it is idle", () => {
  let account: LocalAccount;
  let folder: string;
  let app: string;
  let podId: string;

  beforeAll(async () => {
    account = await startLocalAccount();
    folder = mkdtempSync(join(tmpdir(), "idle-stop-"));
    cpSync(demo, join(folder, "app"), { recursive: true });
    app = join(folder, "app/app.json");
    const document = JSON.parse(readFileSync(app, "utf8")) as { env: object };
    // Long enough for a deployment to be over.
    const env = { ...document.env, COMFY_ENDPOINTS_IDLE_STOP_MINUTES: "0.25" };
    writeFileSync(app, JSON.stringify({ ...document, env }));
  });
  afterAll(async () => {
    await account.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const cend = async (...args: string[]) => {
    const env = { ...pulumiEnv(folder), ...account.env };
    const { code, stdout, stderr } = await startCend([...args, "--state-dir", "state"], { cwd: folder, env }).ended;
    return { code, stderr, answer: JSON.parse(stdout === "" ? "null" : stdout) as Record<string, unknown> | null };
  };
  const status = async () => (await account.pods())[0]?.desiredStatus;
  const stopByHand = () => account.mutate(`podStop(input: { podId: "${podId}" }) { id }`);

  it("stops it some time after it was deployed", async () => {
    const { code, answer, stderr } = await cend("deploy", app);
    expect(code, stderr).toBe(0);
    podId = String(answer?.["deployment_id"]);
    expect(await status()).toBe("RUNNING");
    await until("the pod stopped itself", async () => (await status()) === "EXITED", 60);
    expect((await account.operations()).filter((name) => name === "podStop")).toHaveLength(1);
  });

  it("is woken without a deployment, and takes runs then", async () => {
    const { code, answer, stderr } = await cend("wake", "demo");
    expect(code, stderr).toBe(0);
    expect(answer).toEqual({
      app_id: "demo",
      deployment_id: podId,
      state: "READY",
      endpoint_url: expect.stringMatching(/^http:/) as string,
      woken: true,
    });
    expect(stderr).toMatch(new RegExp(`^pod ${podId} starts; it costs \\d\\.\\d\\d USD per hour again\n`));
    expect(await cend("wake", "demo", "--no-wait")).toMatchObject({
      code: 0,
      answer: { state: "READY", woken: false },
    });
  });

  it("does a job that waited in the moment in which it was stopped, once it is woken", async () => {
    const { answer } = await cend("invoke", "demo", "--input-prompt", "a lighthouse");
    const { job_id: id } = answer?.["response"] as { job_id: string };
    await stopByHand();
    expect(await cend("wake", "demo", "--no-wait")).toMatchObject({ answer: { state: "BOOTSTRAPPING", woken: true } });
    expect((await cend("wake", "demo")).code).toBe(0);
    const ended = await cend("jobs", "follow", "demo", id);
    expect(ended.code, ended.stderr).toBe(0);
    expect((await cend("jobs", "get", "demo", id)).answer).toMatchObject({ state: "completed" });
  });

  it("is not waited for longer than told, runs on, and is resumed by the next deployment", async () => {
    await stopByHand();
    const { code, answer, stderr } = await cend("wake", "demo", "--timeout-seconds", "0.05");
    expect({ code, answer }).toEqual({ code: 5, answer: null });
    expect(stderr).toMatch(
      /\nerror: http:\S+ came no further for 0\.05 s \(.*\); look at its log, or wait longer with/,
    );
    expect(stderr).toContain(`\npod ${podId} runs on and costs 0.`);
    await stopByHand();
    expect(await cend("deploy", app)).toMatchObject({ code: 0, answer: { deployment_id: podId, state: "READY" } });
    expect(await status()).toBe("RUNNING");
  });

  it("cannot be woken when its pod is gone, and says what helps", async () => {
    await account.mutate(`podTerminate(input: { podId: "${podId}" })`);
    const { code, stderr } = await cend("wake", "demo");
    expect(code).toBe(3);
    expect(stderr).toBe(`error: pod ${podId} is gone; rent another one: cend deploy <app.json of demo>\n`);
  });
}, 180_000);
