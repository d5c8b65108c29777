import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../../../cli/client.ts";
import { HttpError } from "../../../cli/http/http-error.ts";
import { pauseBefore } from "../../../cli/http/retry.ts";
import { contractDocument } from "../../support/apps.ts";
import { type GatewayDouble, startGatewayDouble } from "../../support/gateway-double.ts";

const broken = (code: string): HttpError =>
  new HttpError(
    "broke off",
    {},
    { cause: new TypeError("fetch failed", { cause: Object.assign(new Error(), { code }) }) },
  );

describe("a request that failed", () => {
  it.each([
    ["a reset", broken("ECONNRESET"), 200],
    ["an answer that stopped", broken("UND_ERR_SOCKET"), 200],
    ["a proxy's 502", new HttpError("", { status: 502 }), 200],
    ["a proxy's 524", new HttpError("", { status: 524 }), 200],
    ["a 503 that says when", new HttpError("", { status: 503, retryAfterMs: 5000 }), 5000],
    ["a 429 that says when", new HttpError("", { status: 429, retryAfterMs: 0 }), 200],
    ["a 503 that wants too long", new HttpError("", { status: 503, retryAfterMs: 61_000 }), undefined],
    ["nobody there", broken("ECONNREFUSED"), undefined],
    ["a name nobody has", broken("ENOTFOUND"), undefined],
    ["silence", new HttpError("", {}, { cause: new DOMException("", "TimeoutError") }), undefined],
    ["a fault of the gateway's", new HttpError("", { status: 500 }), undefined],
    ["a refusal", new HttpError("", { status: 404 }), undefined],
  ])("is sent again after %s, or not", (_, error, pause) => {
    expect(pauseBefore(error, 0)).toBe(pause);
  });

  it("is sent again three times at most, with longer pauses", () => {
    const error = new HttpError("", { status: 502 });
    expect([0, 1, 2, 3].map((attempt) => pauseBefore(error, attempt))).toEqual([200, 800, 2000, undefined]);
  });
});

describe("the client", () => {
  let gateway: GatewayDouble;
  let client: Client;
  beforeEach(async () => {
    gateway = await startGatewayDouble(contractDocument, "key-1");
    const { signal } = new AbortController();
    client = createClient({ url: gateway.url, apiKey: "key-1", keyRemedy: "", userAgent: "test", signal });
  });
  afterEach(() => gateway.close());

  it("asks again what does no harm twice", async () => {
    gateway.faults = [{ status: "drop" }, { status: 503, headers: { "retry-after": "0" } }];
    expect(await client.contract()).toEqual(contractDocument);
    expect(gateway.requests).toEqual(["GET /contract", "GET /contract", "GET /contract"]);
  });

  it("runs a workflow once although the answer was lost, and tells a refusal at once", async () => {
    gateway.faults = [{ status: "drop" }];
    await client.run({ prompt: "fog" });
    expect(gateway.requests).toEqual(["POST /run", "POST /run"]);
    expect(new Set(gateway.idempotencyKeys).size).toBe(1);

    gateway.faults = [{ status: 429, body: '{"error": "queue_full"}', headers: { "retry-after": "1" } }];
    await expect(client.run({})).rejects.toThrow(/answered 429 queue_full$/);
  });
});
