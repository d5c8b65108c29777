import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeApp } from "../support/app-folder.ts";
import { workflowDocument } from "../support/apps.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";
import { until } from "../support/until.ts";

/** One endpoint whose boot fails, in the order in which it happens: each step starts where the last one ended. */
describe("an endpoint that does not get ready", () => {
  let account: LocalAccount;
  let stack: TestStack;
  let folder: string;

  beforeAll(async () => {
    account = await startLocalAccount();
    folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-ready-"));
    stack = await createTestStack(account.env, { app: writeApp(folder) });
  });

  afterAll(async () => {
    await account.close();
    stack.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const up = () => stack.pulumi("up", "--yes", "--skip-preview");
  const config = (key: string, value: string) => stack.pulumi("config", "set", `comfy-endpoints:${key}`, value);
  /** Gives the workflow one more node. */
  const addNode = (className: string) => {
    const node = { class_type: className, inputs: {} };
    writeFileSync(join(folder, "workflow.json"), JSON.stringify({ prompt: { ...workflowDocument.prompt, "4": node } }));
  };
  const mend = () => writeFileSync(join(folder, "workflow.json"), JSON.stringify(workflowDocument));
  const expectReady = async () => {
    const run = await up();
    expect(run.code, run.output).toBe(0);
    const { endpointUrl, podId } = await stack.outputs();
    expect((await fetch(`${String(endpointUrl)}/healthz`)).status).toBe(200);
    return String(podId);
  };
  let podId: string;

  it("refuses settings that mean nothing, before anything is created", async () => {
    await config("onFailed", "halt");
    const run = await stack.pulumi("preview");
    expect(run.code).not.toBe(0);
    expect(run.output).toContain(
      'stack config comfy-endpoints: "onFailed" is "halt"; it must be "stop" or "terminate" or "keep"',
    );
    expect(run.output).not.toMatch(/\n\s+at /);
    await stack.pulumi("config", "rm", "comfy-endpoints:onFailed");

    await config("readyTimeoutSeconds", "0");
    expect((await stack.pulumi("preview")).output).toContain('"readyTimeoutSeconds" is 0; give seconds above 0');
    await stack.pulumi("config", "rm", "comfy-endpoints:readyTimeoutSeconds");
  });

  it("fails with the gateway's reason, stops the pod and says so", async () => {
    addNode("NoSuchNode");
    const run = await up();
    expect(run.code).not.toBe(0);
    const [pod, ...others] = await account.pods();
    expect(others).toEqual([]);
    expect(pod?.desiredStatus).toBe("EXITED");
    podId = pod?.id ?? "";
    expect(run.output).toContain(
      "the endpoint's boot failed at preflight: ComfyUI lacks node classes of the workflow: NoSuchNode (node 4)",
    );
    expect(run.output).toContain(
      `pod ${podId} was stopped, so it costs only its storage; the next pulumi up starts it again`,
    );
    expect(run.output).not.toMatch(/\n\s+at /);
  });

  it("is ready with the same pod once the app is mended", async () => {
    mend();
    expect(await expectReady()).toBe(podId);
    expect(await account.pods()).toMatchObject([{ id: podId, desiredStatus: "RUNNING" }]);
  });

  it("stops the pod, too, when a change breaks an endpoint that was ready, and takes it up again", async () => {
    addNode("NoSuchNode");
    expect((await up()).output).toContain("was stopped");
    expect(await account.pods()).toMatchObject([{ id: podId, desiredStatus: "EXITED" }]);
    mend();
    expect(await expectReady()).toBe(podId);
  });

  it("gives up a boot that comes no further; a pod that is terminated then is followed by another", async () => {
    await config("onFailed", "terminate");
    await config("readyTimeoutSeconds", "3");
    writeApp(folder, { env: { COMFY_START_COMMAND: "sleep 1000" } });
    const run = await up();
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("came no further for 3 s (last seen at comfyui); look at the pod's log");
    expect(run.output).toContain(`pod ${podId} was terminated and costs nothing any more`);
    expect(await account.pods()).toEqual([]);
    await stack.pulumi("config", "rm", "comfy-endpoints:readyTimeoutSeconds");
    writeApp(folder);
    const next = await expectReady();
    expect(next).not.toBe(podId);
    podId = next;
  });

  it("ends soon after Ctrl-C, leaves the pod running, and is waited for by the next up", async () => {
    writeApp(folder, { env: { COMFY_START_COMMAND: "sleep 1000" } });
    const run = stack.start("up", "--yes", "--skip-preview");
    const { endpointUrl } = await stack.outputs();
    const bootHangs = async () => {
      const answer = await fetch(`${String(endpointUrl)}/healthz`).catch(() => undefined);
      return (await answer?.text())?.includes('"comfyui"') === true;
    };
    await until("the boot hangs", bootHangs, 60);
    // Until the pod's own hook has seen its container, and this boot is what is waited for.
    await sleep(2000);
    run.kill("SIGINT");
    const startedAt = performance.now();
    await run.ended;
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(await account.pods()).toMatchObject([{ id: podId, desiredStatus: "RUNNING" }]);
    writeApp(folder);
    expect(await expectReady()).toBe(podId);
  });

  it("is destroyed like any other", async () => {
    const run = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    expect(await account.pods()).toEqual([]);
  });
});
