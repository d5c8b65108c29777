import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KeyView } from "../../../contract/api.ts";
import { apiKey, startGateway, type TestGateway } from "../../support/gateway.ts";
import { registerKey, sha256 } from "../../support/named-keys.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.stop());

const put = async (name: string, body: unknown) => {
  const response = await gateway.request(`/admin/keys/${name}`, { method: "PUT", body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const remove = async (name: string) => (await gateway.request(`/admin/keys/${name}`, { method: "DELETE" })).status;
const list = async () => ((await (await gateway.request("/admin/keys")).json()) as { items: KeyView[] }).items;
const contractWith = async (key: string) =>
  (await gateway.request("/contract", { headers: { "x-api-key": key } })).status;

describe("PUT /admin/keys/:name", () => {
  it("makes a key, once", async () => {
    const registration = { sha256: sha256("k"), scopes: ["read", "run"] };
    expect(await contractWith("k")).toBe(401);
    const made = await put("web", registration);
    expect(made).toEqual({
      status: 201,
      body: { name: "web", ...registration, created_at: expect.any(String) as string },
    });
    expect(await put("web", registration)).toEqual({ status: 200, body: made.body });
    expect(await list()).toEqual([made.body]);
    expect(await contractWith("k")).toBe(200);
  });

  it("gives a name another key and other scopes; the former key is refused from then on", async () => {
    await put("web", { sha256: sha256("old"), scopes: ["read"] });
    expect((await put("web", { sha256: sha256("new"), scopes: ["read", "files"] })).status).toBe(200);
    expect([await contractWith("old"), await contractWith("new")]).toEqual([401, 200]);
    expect(await list()).toMatchObject([{ name: "web", sha256: sha256("new"), scopes: ["read", "files"] }]);
  });

  it("leaves each name its own key", async () => {
    await put("web", { sha256: sha256("k"), scopes: ["read"] });
    expect(await put("app", { sha256: sha256("k"), scopes: ["admin"] })).toEqual({
      status: 409,
      body: { error: "key_conflict", detail: 'the key "web" has that hash; give each name a key of its own' },
    });
    expect(await put("app", { sha256: sha256(apiKey), scopes: ["read"] })).toMatchObject({
      status: 409,
      body: { detail: 'the key "first" has that hash; give each name a key of its own' },
    });
    expect((await list()).map(({ name }) => name)).toEqual(["web"]);
  });

  it.each([
    ["first", "that is the endpoint's own key, which only a deployment changes; give another name"],
    ["-x", "give letters, digits, ., _ and -, beginning with a letter or digit, at most 64"],
    ["a%20b", "give letters, digits, ., _ and -, beginning with a letter or digit, at most 64"],
    ["x".repeat(65), "give letters, digits, ., _ and -, beginning with a letter or digit, at most 64"],
  ])("refuses the name %s", async (name, detail) => {
    const { status, body } = await put(name, { sha256: sha256("k"), scopes: ["read"] });
    expect([status, body["error"], body["detail"]]).toEqual([400, "VALIDATION_ERROR", detail]);
    expect(await list()).toEqual([]);
  });

  it("names everything that is wrong with a key", async () => {
    expect(await put("web", { sha256: "abc", scopes: ["read", "write"] })).toEqual({
      status: 400,
      body: {
        error: "VALIDATION_ERROR",
        detail: 'is "abc"; give the SHA-256 of the key: 64 hex digits',
        problems: [
          { path: "sha256", message: 'is "abc"; give the SHA-256 of the key: 64 hex digits' },
          { path: "scopes[1]", message: 'is "write"; it must be "run" or "read" or "files" or "admin"' },
        ],
      },
    });
    expect((await put("web", { sha256: sha256("k"), scopes: [] })).status).toBe(400);
    expect((await put("web", { sha256: sha256("k"), scopes: ["run", "run"] })).status).toBe(400);
    expect((await put("web", {})).status).toBe(400);
  });

  it("takes no body that is too large", async () => {
    expect((await put("web", { sha256: "x".repeat(70_000), scopes: ["run"] })).status).toBe(413);
  });
});

describe("DELETE /admin/keys/:name", () => {
  it("revokes the key at once, and for good", async () => {
    const key = await registerKey(gateway, "web", ["read"]);
    const other = await registerKey(gateway, "app", ["read"]);
    expect(await remove("web")).toBe(204);
    expect([await contractWith(key), await contractWith(other)]).toEqual([401, 200]);
    await gateway.restart();
    expect([await contractWith(key), await contractWith(other)]).toEqual([401, 200]);
  });

  it("knows no key of another name, and not the first one", async () => {
    expect([await remove("web"), await remove("first")]).toEqual([404, 404]);
    expect(await contractWith(apiKey)).toBe(200);
  });
});
