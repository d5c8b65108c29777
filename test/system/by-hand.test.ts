import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCend } from "../support/cend.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";

const demo = join(import.meta.dirname, "../../apps/demo");

describe("one stack in the hands of pulumi and of cend", () => {
  let account: LocalAccount;
  let folder: string;
  let app: string;
  let stack: TestStack;

  beforeAll(async () => {
    account = await startLocalAccount();
    folder = mkdtempSync(join(tmpdir(), "by-hand-"));
    cpSync(demo, join(folder, "app"), { recursive: true });
    app = join(folder, "app/app.json");
    // A stack is called as its app is.
    writeFileSync(app, JSON.stringify({ ...(JSON.parse(readFileSync(app, "utf8")) as object), app_id: "test" }));
    stack = await createTestStack(account.env, { app });
  });
  afterAll(async () => {
    await account.close();
    stack.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const cend = async (...args: string[]) => {
    const backend = {
      PULUMI_BACKEND_URL: pathToFileURL(join(stack.folder, "backend")).href,
      PULUMI_CONFIG_PASSPHRASE: "test",
    };
    const env = { ...pulumiEnv(folder), ...account.env, ...backend };
    const { code, stdout, stderr } = await startCend([...args, "--state-dir", "state"], { cwd: folder, env }).ended;
    return { code, stderr, answer: JSON.parse(stdout === "" ? "null" : stdout) as Record<string, unknown> | null };
  };

  it("is found by cend where pulumi made it, with nothing to change", async () => {
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    const { podId } = await stack.outputs();
    expect(await cend("status", "test")).toMatchObject({ answer: { deployment_id: podId, state: "READY" } });
    const deployed = await cend("deploy", app);
    expect(deployed.answer, deployed.stderr).toMatchObject({ deployment_id: podId, state: "READY" });
    expect(Object.keys(await stack.changes())).toEqual(["same"]);
  });

  it("is taken over by pulumi from cend, and destroyed by the other", async () => {
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(Object.keys(await stack.changes())).toEqual(["same"]);
    expect(await cend("destroy", "test")).toMatchObject({ code: 0, answer: { result: "destroyed" } });
    expect(await account.pods()).toEqual([]);
  });
}, 180_000);
