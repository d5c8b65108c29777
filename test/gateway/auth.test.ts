import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Route, type RouteName, routePath, routes, type Scope, scopes } from "../../contract/api.ts";
import { apiKey, startGateway, type TestGateway } from "../support/gateway.ts";
import { registerKey } from "../support/named-keys.ts";

const keyed = (Object.entries(routes) as [RouteName, Route][]).flatMap(([name, { method, scope }]) =>
  scope === "open" ? [] : [{ method, scope, path: routePath(name, { id: "none", name: "none" }) }],
);

let gateway: TestGateway;
const without = new Map<Scope, string>();
const only = new Map<Scope, string>();
beforeAll(async () => {
  gateway = await startGateway();
  for (const scope of scopes) {
    only.set(scope, await registerKey(gateway, `only-${scope}`, [scope]));
    const others = scopes.filter((other) => other !== scope);
    without.set(scope, await registerKey(gateway, `no-${scope}`, others));
  }
});
afterAll(() => gateway.stop());

const ask = (method: string, path: string, key: string) =>
  gateway.request(path, { method, headers: { "x-api-key": key } });

describe("a named key", () => {
  it.each(keyed)("without the scope $scope gets no answer from $method $path", async ({ method, path, scope }) => {
    const others = scopes.filter((other) => other !== scope).join(", ");
    const response = await ask(method, path, without.get(scope) ?? "");
    expect([response.status, await response.json()]).toEqual([
      403,
      { error: "forbidden", detail: `the key "no-${scope}" is good for ${others}; this needs the scope ${scope}` },
    ]);
  });

  it.each(keyed)("with the scope $scope alone may ask $method $path", async ({ method, path, scope }) => {
    expect([401, 403]).not.toContain((await ask(method, path, only.get(scope) ?? "")).status);
  });

  it("is known after a restart", async () => {
    await gateway.restart();
    expect((await ask("GET", "/contract", only.get("read") ?? "")).status).toBe(200);
    expect((await ask("GET", "/contract", only.get("files") ?? "")).status).toBe(403);
  });

  it("opens nothing by its hash", async () => {
    const { items } = (await (await gateway.request("/admin/keys")).json()) as { items: { sha256: string }[] };
    for (const { sha256 } of items) expect((await ask("GET", "/contract", sha256)).status).toBe(401);
  });

  it("is nowhere in the log", async () => {
    await ask("GET", "/admin/keys", only.get("read") ?? "");
    const lines = JSON.stringify(gateway.log);
    for (const key of [apiKey, ...only.values(), ...without.values()]) expect(lines).not.toContain(key);
  });
});

describe("the endpoint's first key", () => {
  it.each(keyed)("may ask $method $path", async ({ method, path }) => {
    expect([401, 403]).not.toContain((await ask(method, path, apiKey)).status);
    // It may have drained.
    await ask("DELETE", "/admin/drain", apiKey);
  });
});
