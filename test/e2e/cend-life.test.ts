import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCend } from "../support/cend.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { until } from "../support/until.ts";

const app = join(import.meta.dirname, "../../apps/demo/app.json");

/** What a user does with the command line, in that order, on the local RunPod. */
describe("an endpoint in the hands of cend", () => {
  let account: LocalAccount;
  let folder: string;
  let env: Record<string, string | undefined>;

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

  it("names a wrong RunPod key in one line, and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await start(["deploy", app], { RUNPOD_API_KEY: "wrong" }).ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
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

  it("asks the endpoint for a picture and saves it", async () => {
    const { code, answer } = await cend("demo", "--input-prompt", "a lighthouse", "--wait", "--output", "pictures");
    expect(code).toBe(0);
    const [file] = answer?.["files"] as { path: string; size_bytes: number }[];
    const bytes = readFileSync(file?.path ?? "");
    expect(bytes.length).toBe(file?.size_bytes);
    expect(PNG.sync.read(bytes)).toMatchObject({ width: 768, height: 512 });
  });

  it("says that an endpoint whose pod was taken away cannot be used", async () => {
    const [pod] = await account.pods();
    await account.mutate(`podTerminate(input: { podId: "${pod?.id ?? ""}" })`);
    const { code, answer } = await cend("status", "demo");
    expect(code).toBe(0);
    expect(answer).toMatchObject({ state: "DEGRADED", deployment_id: pod?.id });
  });

  it("destroys everything, and once more does no harm", async () => {
    expect(await cend("destroy", app)).toMatchObject({ code: 0, answer: { result: "destroyed" } });
    expect(await account.pods()).toEqual([]);
    expect(await cend("destroy", "demo")).toMatchObject({ code: 0, answer: { result: "destroyed" } });
  });
}, 120_000);
