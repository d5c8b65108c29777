import { afterEach, describe, expect, it } from "vitest";
import { apiKey, startGateway, type TestGateway } from "../../support/gateway.ts";
import { registerKey } from "../../support/named-keys.ts";

let gateway: TestGateway;
afterEach(() => gateway.stop());

describe("a limit of requests", () => {
  it("counts each key by itself, says so, and leaves administration alone", async () => {
    gateway = await startGateway({ env: { COMFY_ENDPOINTS_RATE_LIMIT_PER_MINUTE: "3" } });
    const key = await registerKey(gateway, "web", ["read"]);
    const ask = (path: string, as: string) => gateway.request(path, { headers: { "x-api-key": as } });
    const statuses: number[] = [];
    for (let at = 0; at < 3; at++) statuses.push((await ask("/contract", key)).status);
    expect(statuses).toEqual([200, 200, 200]);

    const refused = await ask("/jobs/x", key);
    expect([refused.status, await refused.json()]).toEqual([
      429,
      { error: "rate_limited", detail: 'the key "web" may ask 3 times a minute; wait as retry-after says' },
    ]);
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers.get("ratelimit")).toMatch(/r=0; t=\d+/);

    expect((await ask("/contract", apiKey)).status).toBe(200);
    for (let at = 0; at < 5; at++) expect((await ask("/admin/keys", apiKey)).status).toBe(200);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  });

  it("is not there unless it is asked for", async () => {
    gateway = await startGateway({ env: { COMFY_ENDPOINTS_RATE_LIMIT_PER_MINUTE: "0" } });
    const responses = await Promise.all(Array.from({ length: 200 }, () => gateway.request("/contract")));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(responses[0]?.headers.get("ratelimit")).toBeNull();
  });
});

describe("other sites", () => {
  const from = (origin: string, method = "GET") =>
    fetch(`${gateway.url}/contract`, {
      method,
      headers: {
        origin,
        "x-api-key": apiKey,
        ...(method === "OPTIONS" && {
          "access-control-request-method": "GET",
          "access-control-request-headers": "x-api-key",
        }),
      },
    });

  it("may not call unless they are named", async () => {
    gateway = await startGateway();
    expect((await from("https://shop.example")).headers.get("access-control-allow-origin")).toBeNull();
    expect((await from("https://shop.example", "OPTIONS")).status).toBe(405);
  });

  it("may call when they are named, and only they", async () => {
    gateway = await startGateway({
      env: { COMFY_ENDPOINTS_CORS_ORIGINS: "https://shop.example, http://localhost:5173" },
    });
    const preflight = await from("https://shop.example", "OPTIONS");
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      "access-control-allow-origin": "https://shop.example",
      "access-control-allow-headers": "x-api-key",
      "access-control-allow-methods": "GET,POST,DELETE,PUT",
      "access-control-max-age": "600",
    });
    const answer = await from("http://localhost:5173");
    expect(answer.headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
    expect(answer.headers.get("access-control-expose-headers")).toContain("retry-after");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect((await from("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
    const refused = await fetch(`${gateway.url}/contract`, { headers: { origin: "https://shop.example" } });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, "https://shop.example"]);
  });

  it("may all call with *", async () => {
    gateway = await startGateway({ env: { COMFY_ENDPOINTS_CORS_ORIGINS: "*" } });
    expect((await from("https://any.example")).headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("headers of every answer", () => {
  it("have browsers do nothing of their own", async () => {
    gateway = await startGateway();
    for (const path of ["/healthz", "/nowhere", "/contract"]) {
      const { headers } = await fetch(`${gateway.url}${path}`);
      expect(Object.fromEntries(headers)).toMatchObject({
        "content-security-policy": "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=31536000",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cache-control": "no-store",
      });
    }
  });
});
