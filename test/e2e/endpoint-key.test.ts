import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";

interface Outputs {
  endpointUrl: string;
  apiKey: string;
  webhookSecret: string;
  podId: string;
  webKey: string | null;
}

/** One key's life, in the order in which it happens. */
describe("a further key of an endpoint", () => {
  let account: LocalAccount;
  let stack: TestStack;
  let former: Outputs;

  beforeAll(async () => {
    account = await startLocalAccount();
    stack = await createTestStack(account.env, { program: join(import.meta.dirname, "../programs/endpoint-key.ts") });
    await stack.pulumi("config", "set", "comfy-endpoints:scopes", '["read"]');
  });

  afterAll(async () => {
    await account.close();
    stack.remove();
  });

  const up = async (): Promise<Outputs> => {
    const run = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    return (await stack.outputs()) as unknown as Outputs;
  };
  const status = async (path: string, key: string | null, method = "GET") =>
    (await fetch(`${former.endpointUrl}${path}`, { method, headers: { "x-api-key": key ?? "" } })).status;

  it("is good for its scopes, as soon as the endpoint is ready", async () => {
    former = await up();
    expect(former.webKey).toMatch(/^[\w-]{43}$/);
    expect(former.webhookSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect([await status("/contract", former.webKey), await status("/admin/keys", former.webKey)]).toEqual([200, 403]);
  });

  it("is secret in the state, and so is the key that registered it", async () => {
    const state = await stack.state();
    for (const secret of [former.webKey, former.apiKey, former.webhookSecret]) expect(state).not.toContain(secret);
  });

  it("does not change, nor does anything else", async () => {
    expect((await up()).webKey).toBe(former.webKey);
    expect(Object.keys(await stack.changes())).toEqual(["same"]);
  });

  it("comes back when the gateway lost it", async () => {
    expect(await status("/admin/keys/web", former.apiKey, "DELETE")).toBe(204);
    expect(await status("/contract", former.webKey)).toBe(401);
    expect((await up()).webKey).toBe(former.webKey);
    expect(await stack.changes()).toMatchObject({ update: 1 });
    expect(await status("/contract", former.webKey)).toBe(200);
  });

  it("becomes another one without a restart of anything", async () => {
    await stack.pulumi("config", "set", "comfy-endpoints:keyRotation", "2");
    const now = await up();
    expect(await stack.changes()).toMatchObject({ replace: 1 });
    expect(now).toMatchObject({ podId: former.podId, apiKey: former.apiKey });
    expect([await status("/contract", former.webKey), await status("/contract", now.webKey)]).toEqual([401, 200]);
    former = now;
  });

  it("goes along to another pod", async () => {
    await stack.pulumi("config", "set", "comfy-endpoints:podRotation", "2");
    const now = await up();
    expect(now.podId).not.toBe(former.podId);
    expect(now.webKey).toBe(former.webKey);
    former = now;
    expect(await status("/contract", former.webKey)).toBe(200);
  });

  it("is refused once it is removed from the program", async () => {
    await stack.pulumi("config", "rm", "comfy-endpoints:scopes");
    const now = await up();
    expect([now.webKey ?? null, now.podId]).toEqual([null, former.podId]);
    expect(await status("/contract", former.webKey)).toBe(401);
    expect(await status("/contract", former.apiKey)).toBe(200);
  });

  it("does not stand in the way of a destroy, whose pod may be gone already", async () => {
    await stack.pulumi("config", "set", "comfy-endpoints:scopes", '["read"]');
    const { podId } = await up();
    await account.mutate(`podTerminate(input: { podId: "${podId}" })`);
    const run = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    expect(await account.pods()).toEqual([]);
  });
});
