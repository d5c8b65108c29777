import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestPicture } from "../../scripts/demo/picture.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** One endpoint's life, in the order in which it happens: each step starts where the last one ended. */
describe("an endpoint, from up to destroy", () => {
  let account: LocalAccount;
  let stack: TestStack;

  beforeAll(async () => {
    account = await startLocalAccount();
    stack = await createTestStack(account.env);
  });

  afterAll(async () => {
    await account.close();
    stack.remove();
  });

  const up = async () => {
    const run = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    return stack.outputs() as Promise<{ endpointUrl: string; apiKey: string; podId: string; [name: string]: unknown }>;
  };
  const health = async (url: string) => (await fetch(`${url}/healthz`)).status;

  it("creates nothing at preview", async () => {
    const run = await stack.pulumi("preview");
    expect(run.code, run.output).toBe(0);
    expect(run.output).toContain("+ 7 to create");
    expect(await account.pods()).toEqual([]);
  });

  it("is up when its endpoint answers, and tells where and for how much", async () => {
    const outputs = await up();
    expect(await health(outputs.endpointUrl)).toBe(200);
    expect(outputs).toMatchObject({
      imageRef: "ghcr.io/comfy-endpoints/golden:demo",
      dataCenter: expect.stringMatching(/^US-/) as string,
      costPerHour: expect.any(Number) as number,
      contract: { contract_id: "demo-contract" },
    });
    expect(outputs.apiKey).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const [pod, ...others] = await account.pods();
    expect(others).toEqual([]);
    expect(pod).toMatchObject({
      id: outputs.podId,
      name: expect.stringMatching(/^demo-[0-9a-f]{16}-[0-9a-f]{8}$/) as string,
    });
  });

  it("runs the workflow for a caller with the key, and for nobody else", async () => {
    const { endpointUrl, apiKey } = await up();
    const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-picture-"));
    const { path } = await requestPicture(endpointUrl, apiKey, "a lighthouse", folder, AbortSignal.timeout(20_000));
    const { width, height } = PNG.sync.read(readFileSync(path));
    expect([width, height]).toEqual([768, 512]);
    rmSync(folder, { recursive: true });
    // Its price came from RunPod, which the pod asked with its own key.
    const jobs = await fetch(`${endpointUrl}/jobs`, { headers: { "x-api-key": apiKey } });
    const { items } = (await jobs.json()) as { items: { cost_usd: number | null }[] };
    expect(items).toMatchObject([{ state: "completed", cost_usd: expect.any(Number) as number }]);
    expect(items[0]?.cost_usd).toBeGreaterThan(0);

    const refused = await fetch(`${endpointUrl}/run`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "wrong" },
      body: JSON.stringify({ prompt: "x" }),
    });
    expect([refused.status, await refused.json()]).toEqual([401, { error: "unauthorized" }]);
  });

  it("changes nothing when nothing changed, and asks RunPod little: once for the account, once for the pod, at preview and at up", async () => {
    const before = await account.operations();
    const run = await stack.pulumi("up", "--yes");
    expect(run.code, run.output).toBe(0);
    expect(await stack.changes()).toEqual({ same: 7 });
    const asked = (await account.operations()).slice(before.length).filter((name) => name !== "proxy");
    expect(asked).toEqual(["myself", "myself", "myself", "myself"]);
  });

  it("keeps no key in clear in the state", async () => {
    const { apiKey } = await stack.outputs();
    const state = await stack.state();
    expect(state).not.toContain(apiKey);
    expect(state).not.toContain(account.env["RUNPOD_API_KEY"]);
  });

  it("starts a pod again that was stopped by hand", async () => {
    const { podId } = await stack.outputs();
    await account.mutate(`podStop(input: {podId: "${String(podId)}"}) { id }`);
    const outputs = await up();
    expect(outputs.podId).toBe(podId);
    expect(await health(outputs.endpointUrl)).toBe(200);
  });

  it("keeps the pod when key and webhook secret are rotated: its container restarts with the new ones", async () => {
    const before = await stack.outputs();
    await stack.pulumi("config", "set", "comfy-endpoints:apiKeyRotation", "1");
    await stack.pulumi("config", "set", "comfy-endpoints:webhookSecretRotation", "1");
    const after = await up();
    expect(after.podId).toBe(before["podId"]);
    expect(after.apiKey).not.toBe(before["apiKey"]);
    const answer = await fetch(`${after.endpointUrl}/contract`, { headers: { "x-api-key": after.apiKey } });
    expect(answer.status).toBe(200);
    // Receivers that know only the former secret still verify what the pod sends.
    const secrets = [after["webhookSecret"], before["webhookSecret"]].map(String);
    expect((await account.pods())[0]?.env).toContain(`COMFY_ENDPOINTS_WEBHOOK_SECRET=${secrets.join(" ")}`);
    const state = await stack.state();
    for (const secret of secrets) expect(state).not.toContain(secret);
    expect(new Set(secrets).size).toBe(2);
  });

  it("replaces a pod that is gone", async () => {
    const { podId } = await stack.outputs();
    await account.mutate(`podTerminate(input: {podId: "${String(podId)}"})`);
    const outputs = await up();
    expect(outputs.podId).not.toBe(podId);
    expect(await account.pods()).toMatchObject([{ id: outputs.podId }]);
    expect(await health(outputs.endpointUrl)).toBe(200);
  });

  it("replaces the pod when asked to, and is left with one", async () => {
    const { podId } = await stack.outputs();
    await stack.pulumi("config", "set", "comfy-endpoints:podRotation", "1");
    const outputs = await up();
    expect(outputs.podId).not.toBe(podId);
    expect(await account.pods()).toMatchObject([{ id: outputs.podId }]);
  });

  it("lets the old pod finish the job it has before it goes", async () => {
    const { endpointUrl, apiKey } = (await stack.outputs()) as { endpointUrl: string; apiKey: string };
    const post = (path: string) =>
      fetch(`${endpointUrl}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": apiKey },
        body: JSON.stringify({ prompt: "a lighthouse" }),
      });
    await stack.pulumi("config", "set", "comfy-endpoints:podRotation", "2");
    const run = stack.start("up", "--yes", "--skip-preview");
    let refused = 0;
    const accepted: number[] = [];
    await until(
      "the old pod is gone",
      async () => {
        const { status } = await post("/run");
        if (status === 202) accepted.push(status);
        if (status === 503) refused += 1;
        return status === 404;
      },
      90,
    );
    const { code, output } = await run.ended;
    expect(code, output).toBe(0);
    expect(accepted.length).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });

  it("sees with refresh that a pod is gone", async () => {
    const { podId } = await stack.outputs();
    await account.mutate(`podTerminate(input: {podId: "${String(podId)}"})`);
    const run = await stack.pulumi("refresh", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    expect(await stack.changes()).toMatchObject({ delete: 1 });
    await up();
  });

  it("leaves no pod behind when it is destroyed", async () => {
    const run = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    expect(await account.pods()).toEqual([]);
  });
});
