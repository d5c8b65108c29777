import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { descendantsOf, endAll } from "../faults/processes.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";
import { startStorageStack } from "../support/storage-stack.ts";
import { until } from "../support/until.ts";

describe("a deployment that breaks off", () => {
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

  it("leaves no pod when the engine is killed while the pod is created, and the stack then destroyed", async () => {
    const run = stack.start("up", "--yes", "--skip-preview");
    await until("a pod is there", async () => (await account.pods()).length > 0, 90);
    run.kill("SIGKILL");
    await run.ended;
    await stack.pulumi("cancel", "--yes");
    const destroyed = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(await account.pods()).toEqual([]);
  });

  it("finds its pod again when up is interrupted and run once more", async () => {
    const run = stack.start("up", "--yes", "--skip-preview");
    await until("a pod is there", async () => (await account.pods()).length > 0, 90);
    run.kill("SIGINT");
    await run.ended;
    const again = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(again.code, again.output).toBe(0);
    expect(await account.pods()).toMatchObject([{ id: (await stack.outputs())["podId"] }]);
    await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(await account.pods()).toEqual([]);
  });
});

describe("a deployment whose machine goes while a network volume is created", () => {
  it.each(["up", "destroy"])("finds the volume again by %s, or tells that it is there and billed", async (ending) => {
    let goAway: (() => Promise<void>) | undefined;
    const stack = await startStorageStack({
      watch: async ({ name, moment }) => {
        if (name === "createNetworkVolume" && moment === "done") await goAway?.();
      },
    });
    try {
      const run = stack.startUp();
      // The providers too: one that lives gives back what it had asked for.
      goAway = async () => endAll([run.pid, ...(await descendantsOf(run.pid))]);
      await run.ended;
      const { account } = stack.runpod;
      const [volume, ...others] = account.networkVolumes();
      expect([volume?.size, others]).toEqual([100, []]);
      await stack.pulumi("cancel", "--yes");
      const { code, output } = await (ending === "up" ? stack.up() : stack.pulumi("destroy", "--yes"));
      expect(code, output).toBe(0);
      expect(account.networkVolumes()).toEqual([volume]);
      if (ending === "up") expect((await stack.outputs())["volumeId"]).toBe(volume?.id);
      else expect(output).toContain(`(${volume?.id ?? ""}, US-KS-2, 100 GB) is still there and is billed`);
    } finally {
      await stack.close();
    }
  });
});

describe("a key that RunPod refuses", () => {
  it("is told at preview, in one line, before anything is created", async () => {
    const account = await startLocalAccount();
    const stack = await createTestStack({ ...account.env, RUNPOD_API_KEY: "" });
    try {
      await stack.pulumi("config", "set", "--secret", "comfy-endpoints:runpodApiKey", "wrong-key");
      const run = await stack.pulumi("preview");
      expect(run.code).not.toBe(0);
      expect(run.output).toContain("RunPod does not accept the API key; set RUNPOD_API_KEY");
      expect(run.output).not.toContain("wrong-key");
      expect(run.output).not.toMatch(/\n\s+at /);
    } finally {
      await account.close();
      stack.remove();
    }
  });
});
