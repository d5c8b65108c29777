import type * as timersPromises from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { KeyView } from "../../../contract/api.ts";
import { check, create, diff, remove, update } from "../../../providers/runpod/endpoint-key-lifecycle.ts";
import { unknownValue } from "../../../providers/runpod/engine/hook-values.ts";
import { nobodyThere } from "../../support/closed-port.ts";
import { apiKey, startGateway, type TestGateway } from "../../support/gateway.ts";
import { registerKey, sha256 } from "../../support/named-keys.ts";

// What waits between two tries does not wait here.
vi.mock("node:timers/promises", async (original) => {
  const timers = await original<typeof timersPromises>();
  return {
    ...timers,
    setTimeout: (ms: number, value?: unknown, options?: object) => timers.setTimeout(Math.min(ms, 10), value, options),
  };
});

type Properties = Record<string, unknown>;

let gateway: TestGateway;
let warnings: string[];
beforeEach(async () => {
  gateway = await startGateway();
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void warnings.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await gateway.stop();
});

const nobody = await nobodyThere();
const argsOf = (changed: Properties = {}): Properties => ({
  resourceName: "web",
  endpointUrl: gateway.url,
  adminKey: apiKey,
  podId: "pod1",
  scopes: ["run", "read"],
  ...changed,
});
const checked = async (changed: Properties = {}, olds: Properties = {}) => (await check(olds, argsOf(changed))).inputs;
const created = async (changed: Properties = {}) =>
  (await create(await checked(changed))).outs as unknown as Properties;
const keys = async () => ((await (await gateway.request("/admin/keys")).json()) as { items: KeyView[] }).items;
const contractWith = async (key: unknown) =>
  (await fetch(`${gateway.url}/contract`, { headers: { "x-api-key": String(key) } })).status;

describe("checking a key", () => {
  it("names it after the resource, and keeps that name when the resource is renamed", async () => {
    const inputs = await checked();
    expect(inputs).toMatchObject({ keyName: "web" });
    expect(await checked({ resourceName: "other" }, inputs)).toMatchObject({ keyName: "web" });
    expect(await checked({ keyName: "site" })).toMatchObject({ keyName: "site" });
  });

  it.each<[Properties, string]>([
    [{ keyName: "first" }, 'keyName "first" is the endpoint\'s own key; give another name'],
    [{ keyName: "a b" }, "keyName give letters, digits, ., _ and -, beginning with a letter or digit, at most 64"],
    [{ scopes: [] }, "scopes give one or more of run, read, files, admin, each once"],
    [{ scopes: ["write"] }, "scopes give one or more of run, read, files, admin, each once"],
    [{ scopes: ["run", "run"] }, "scopes give one or more of run, read, files, admin, each once"],
    [{ scopes: "run" }, "scopes give one or more of run, read, files, admin, each once"],
  ])("refuses %j at preview", async (changed, expected) => {
    const { failures } = await check({}, argsOf(changed));
    expect(failures.map(({ property, reason }) => `${property} ${reason}`)).toEqual([expected]);
  });

  it("waits for what is not known yet", async () => {
    expect((await check({}, argsOf({ keyName: unknownValue, scopes: unknownValue }))).failures).toEqual([]);
  });
});

describe("a key of an endpoint", () => {
  it("is random, and good for its scopes: the gateway knows its hash alone", async () => {
    const { key, scopes } = await created();
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(await keys()).toMatchObject([{ name: "web", sha256: sha256(String(key)), scopes }]);
    expect(await contractWith(key)).toBe(200);
    expect((await created({ resourceName: "app" }))["key"]).not.toBe(key);
    expect(JSON.stringify(gateway.log)).not.toContain(key);
  });

  it("does not change while the gateway has it", async () => {
    const state = await created();
    expect(await diff(state, await checked({}, state))).toEqual({ changes: false });
    expect(warnings).toEqual([]);
  });

  it.each<[string, (state: Properties) => Promise<unknown>]>([
    ["lost it", () => gateway.request("/admin/keys/web", { method: "DELETE" })],
    ["has another under its name", () => registerKey(gateway, "web", ["run", "read"])],
    [
      "has it with other scopes",
      ({ key }) =>
        gateway.request("/admin/keys/web", {
          method: "PUT",
          body: JSON.stringify({ sha256: sha256(String(key)), scopes: ["run", "read", "admin"] }),
        }),
    ],
  ])("is registered again when the gateway %s", async (_what, breakIt) => {
    const state = await created();
    await breakIt(state);
    const inputs = await checked({}, state);
    expect(await diff(state, inputs)).toEqual({ changes: true });
    const { outs } = await update(state, inputs);
    expect(outs).toMatchObject({ key: state["key"] });
    expect(await keys()).toMatchObject([{ sha256: sha256(String(state["key"])), scopes: ["run", "read"] }]);
    expect(await diff(outs as unknown as Properties, inputs)).toEqual({ changes: false });
  });

  it("is registered on another pod, and stays what it was", async () => {
    const state = await created();
    const other = await startGateway();
    try {
      const inputs = await checked({ endpointUrl: other.url, podId: "pod2" }, state);
      expect(await diff(state, inputs)).toEqual({ changes: true });
      const { outs } = await update(state, inputs);
      expect(outs).toMatchObject({ key: state["key"], podId: "pod2" });
      const response = await other.request("/contract", { headers: { "x-api-key": String(state["key"]) } });
      expect(response.status).toBe(200);
      // Whoever still asks the former pod is served until it goes.
      expect(await contractWith(state["key"])).toBe(200);
    } finally {
      await other.stop();
    }
  });

  it("gets other scopes in place", async () => {
    const state = await created();
    const inputs = await checked({ scopes: ["files"] }, state);
    expect(await diff(state, inputs)).toEqual({ changes: true });
    await update(state, inputs);
    expect(await contractWith(state["key"])).toBe(403);
  });

  it.each([{ keyName: "site" }, { rotation: "2026-02" }])("is another one after %j", async (changed) => {
    const state = await created();
    const inputs = await checked(changed, state);
    expect(await diff(state, inputs)).toEqual({
      changes: true,
      replaces: Object.keys(changed),
      deleteBeforeReplace: false,
    });
    const next = (await create(inputs)).outs as unknown as Properties;
    await remove(state);
    expect([await contractWith(state["key"]), await contractWith(next["key"])]).toEqual([401, 200]);
  });

  it("may change while values are not known", async () => {
    const state = await created();
    expect(await diff(state, await checked({ podId: unknownValue }, state))).toEqual({ changes: true });
  });

  it("is taken as it is when the gateway does not answer, and that is said", async () => {
    const state = { ...(await created()), endpointUrl: nobody };
    expect(await diff(state, await checked({ endpointUrl: nobody }, state))).toEqual({ changes: false });
    expect(warnings).toEqual([
      expect.stringMatching(/^whether key "web" is good at .* was not checked: .*ECONNREFUSED/),
    ]);
  });
});

describe("a key that cannot be registered", () => {
  it("says that the admin key is not known", async () => {
    await expect(created({ adminKey: "wrong" })).rejects.toThrow(
      `key "web" at ${gateway.url}: the gateway answered 401 (unauthorized); set "adminKey" to the endpoint's apiKey, or to a key with the scope admin`,
    );
  });

  it("says that the admin key is good for something else, and shows no key", async () => {
    const adminKey = await registerKey(gateway, "reader", ["read"]);
    const error: unknown = await created({ adminKey }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('the key "reader" is good for read; this needs the scope admin');
    expect(String(error)).not.toContain(adminKey);
  });

  it("says that nobody answers, after some tries", async () => {
    await expect(created({ endpointUrl: nobody })).rejects.toThrow(
      /^key "web" was not registered: .* does not answer \(.*ECONNREFUSED.*\); is the endpoint ready\?$/,
    );
  });
});

describe("deleting a key", () => {
  it("revokes it, and once is enough", async () => {
    const state = await created();
    await remove(state);
    expect(await contractWith(state["key"])).toBe(401);
    await remove(state);
    expect(await keys()).toEqual([]);
  });

  it("leaves the key of the same name that came after it", async () => {
    const state = await created();
    const next = await created();
    await remove(state);
    expect(await contractWith(next["key"])).toBe(200);
  });

  it("is done when the gateway is gone, and says what that means", async () => {
    await remove({ ...(await created()), endpointUrl: nobody });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^key "web" was not revoked: .* if its pod ever runs again, revoke it there with DELETE \/admin\/keys\/web$/,
      ),
    ]);
  });

  it("is not done when the gateway refuses", async () => {
    const state = await created();
    await expect(remove({ ...state, adminKey: "wrong" })).rejects.toThrow("the gateway answered 401");
    expect(await contractWith(state["key"])).toBe(200);
  });
});
