import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { health } from "../../contract/api.ts";
import { contractDocument } from "../support/apps.ts";
import { apiKey, startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ env: { COMFY_ENDPOINTS_MAX_PAYLOAD_MB: "1" } });
});
afterAll(() => gateway.stop());

const post = async (
  body: string | Uint8Array<ArrayBuffer>,
  path = "/run",
): Promise<{ status: number; body: unknown }> => {
  const response = await gateway.request(path, { method: "POST", body });
  return { status: response.status, body: await response.json() };
};
const invalidJson = (message: string) => ({
  status: 400,
  body: { error: "VALIDATION_ERROR", detail: "invalid_json", problems: [{ path: "", code: "invalid_json", message }] },
});

describe("the API", () => {
  it("tells anybody whether it is ready", async () => {
    const response = await fetch(`${gateway.url}/healthz`);
    expect(response.status).toBe(200);
    expect(health.parse(await response.json())).toEqual({ status: "ok", phase: "ready" });
  });

  it.each([{}, { "x-api-key": "" }, { "x-api-key": `${apiKey}x` }, { authorization: `Bearer ${apiKey}` }])(
    "refuses a request with %j in place of the key",
    async (headers) => {
      for (const path of ["/contract", "/jobs/x", "/files", "/files/x/download"]) {
        const response = await fetch(`${gateway.url}${path}`, { headers });
        expect([response.status, await response.json()]).toEqual([401, { error: "unauthorized" }]);
      }
      const run = await fetch(`${gateway.url}/run`, { method: "POST", headers, body: '{"prompt":"x"}' });
      expect([run.status, await run.json()]).toEqual([401, { error: "unauthorized" }]);
      expect(gateway.comfy.submissions).toEqual([]);
    },
  );

  it("gives the contract as it was deployed", async () => {
    expect(await (await gateway.request("/contract")).json()).toEqual(contractDocument);
  });

  it.each(["/nowhere", "/healthz/", "/HEALTHZ", "/jobs/", "/jobs//cancel", "/files/a/b"])("has no %s", async (path) => {
    const response = await gateway.request(path);
    expect([response.status, await response.json()]).toEqual([404, { error: "not_found" }]);
  });

  it.each(["http://[::1/healthz", "http://"])(
    "has nothing at %s, and says so as of any other place",
    async (target) => {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      socket.end(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 [^]*\{"error":"not_found"\}$/);
    },
  );

  it("answers whoever still sends a body that is not wanted, and hears them out", async () => {
    const length = 50 * 1024 ** 2;
    const socket = connect({ port: Number(new URL(gateway.url).port), host: "127.0.0.1", allowHalfOpen: true });
    const answer = text(socket);
    const lines = ["POST /run HTTP/1.1", "host: x", `x-api-key: ${apiKey}`, "connection: close"];
    socket.write(`${[...lines, `content-length: ${length}`].join("\r\n")}\r\n\r\n`);
    await new Promise<void>((resolve, reject) => {
      socket.write(Buffer.alloc(length, "x"), (error) => (error ? reject(error) : resolve()));
    });
    socket.end();
    expect(await answer).toMatch(/^HTTP\/1\.1 413 [^]*\{"error":"payload_too_large"\}$/);
  });

  it.each([
    ["PUT", "/run", "POST"],
    ["GET", "/run", "POST"],
    ["POST", "/jobs/x", "GET, HEAD"],
    ["DELETE", "/files", "POST, GET, HEAD"],
    ["OPTIONS", "/healthz", "GET, HEAD"],
  ])("says which methods there are instead of %s %s", async (method, path, allowed) => {
    const response = await gateway.request(path, { method });
    expect([response.status, await response.json()]).toEqual([405, { error: "method_not_allowed" }]);
    expect(response.headers.get("allow")).toBe(allowed);
  });

  it("answers a broken path with 400", async () => {
    const response = await gateway.request("/jobs/%E0%A4%A");
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: "VALIDATION_ERROR", detail: "invalid_request" },
    ]);
  });

  it("says nothing of what it is made of, and has browsers guess nothing", async () => {
    const { headers } = await gateway.request("/contract");
    expect(headers.get("x-powered-by")).toBeNull();
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("answers HTTP that is none with 400", async () => {
    const { port } = new URL(gateway.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("RUN ME\r\n\r\n"));
      socket.on("data", (data) => resolve(data.toString()));
      socket.on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("knows no job of another name", async () => {
    const response = await gateway.request("/jobs/no-such-job");
    expect([response.status, await response.json()]).toEqual([404, { error: "job_not_found" }]);
  });
});

describe("a run's body", () => {
  it.each(["[]", "null", "5", '"prompt"', '["prompt"]'])("that is %s is no object", async (body) => {
    expect(await post(body)).toEqual(invalidJson("the body must be a JSON object"));
  });

  it("that is cut off is no JSON", async () => {
    const { status, body } = await post('{"prompt":');
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: "VALIDATION_ERROR", detail: "invalid_json" });
  });

  it("may not be empty", async () => {
    const { status, body } = await post("");
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: "VALIDATION_ERROR", detail: "invalid_json" });
  });

  it("must be UTF-8", async () => {
    const { status, body } = await post(new Uint8Array([...Buffer.from('{"prompt":"'), 0xff, ...Buffer.from('"}')]));
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: "VALIDATION_ERROR", detail: "invalid_json" });
  });

  it("may not nest without end", async () => {
    const deep = `{"prompt":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(await post(deep)).toEqual(invalidJson("the body must not nest more than 64 levels"));
  });

  it("is told every problem at once", async () => {
    expect(await post('{"width": 5, "height": 5}')).toEqual({
      status: 400,
      body: {
        error: "VALIDATION_ERROR",
        detail: "missing_required_input:prompt",
        problems: [
          { path: "prompt", code: "missing_required_input:prompt", message: "is missing; give a string" },
          ...["height", "width"].map((path) => ({
            path,
            code: "unexpected_inputs:height,width",
            message: "is not an input; the inputs are prompt",
          })),
        ],
      },
    });
  });

  it("may have any content type, as with the original", async () => {
    const response = await gateway.request("/run", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: '{"prompt":"x"}',
    });
    expect(response.status).toBe(202);
  });

  it("is bounded", async () => {
    expect(await post(`{"prompt":"${"x".repeat(1024 ** 2)}"}`)).toEqual({
      status: 413,
      body: { error: "payload_too_large" },
    });
  });

  it("is bounded when it comes in chunks of unknown number", async () => {
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${gateway.url}/run`, { method: "POST", headers: { "x-api-key": apiKey } });
      request.on("response", (response) => resolve(response.statusCode));
      request.on("error", reject);
      for (let at = 0; at < 20; at++) request.write("x".repeat(100_000));
      request.end();
    });
    expect(status).toBe(413);
  });
});

describe("a full queue", () => {
  it("refuses one more run, with the time to come back", async () => {
    const full = await startGateway({
      settings: (settings) => ({ ...settings, limits: { ...settings.limits, queuedJobs: 2 } }),
    });
    try {
      const ids = [await full.run({ prompt: "1" })];
      await full.jobIn("running", ids[0] ?? "");
      await full.run({ prompt: "2" });
      await full.run({ prompt: "3" });
      const response = await full.request("/run", { method: "POST", body: '{"prompt":"4"}' });
      expect([response.status, await response.json()]).toEqual([
        429,
        { error: "queue_full", detail: "too many jobs wait; try again later" },
      ]);
      // Two that wait, and no run before from which to tell how long they take.
      expect(response.headers.get("retry-after")).toBe("10");
    } finally {
      await full.stop();
    }
  });
});
