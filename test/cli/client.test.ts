import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../../cli/client.ts";
import { HttpError } from "../../cli/http/http-error.ts";
import { contractDocument } from "../support/apps.ts";
import { type GatewayDouble, startGatewayDouble } from "../support/gateway-double.ts";

let gateway: GatewayDouble;
let folder: string;

beforeEach(async () => {
  gateway = await startGatewayDouble(contractDocument, "key-1");
  folder = mkdtempSync(join(tmpdir(), "client-"));
});
afterEach(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const client = (apiKey = "key-1", url = gateway.url, silenceRemedy?: string): Client =>
  createClient({
    ...{ url, apiKey, silenceRemedy },
    keyRemedy: "set THE_KEY",
    userAgent: "comfy-endpoints/test",
    signal: new AbortController().signal,
  });

const failure = async (promise: Promise<unknown>): Promise<HttpError> => {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof HttpError) return error;
  throw new Error(`expected an HttpError, got ${String(error)}`);
};

describe("client", () => {
  it("reads the contract with the key, and takes an address that ends in a slash", async () => {
    expect(await client("key-1", `${gateway.url}/`).contract()).toEqual(contractDocument);
    expect(gateway.requests).toEqual(["GET /contract"]);
  });

  it("names the request, the status and the remedy when the key is refused", async () => {
    const error = await failure(client("wrong").contract());
    expect(error.message).toBe(`GET ${gateway.url}/contract answered 401 unauthorized; set THE_KEY`);
    expect(error.isTransient).toBe(false);
  });

  it("tells every problem that the gateway named", async () => {
    gateway.faults.push({
      status: 400,
      body: JSON.stringify({
        error: "VALIDATION_ERROR",
        detail: "missing_required_input:prompt",
        problems: [
          { path: "prompt", message: "is missing; give a string" },
          { path: "sed", message: "is not an input; the inputs are prompt" },
        ],
      }),
    });
    expect((await failure(client().run({}))).message).toBe(
      `POST ${gateway.url}/run answered 400 VALIDATION_ERROR: "prompt" is missing; give a string; "sed" is not an input; the inputs are prompt`,
    );
  });

  it("shows the words of a proxy's page, and holds its 5xx for transient", async () => {
    gateway.faults.push({ status: 524, body: "<html><title>A timeout\n occurred</title></html>" });
    const error = await failure(client().job("1"));
    expect(error.message).toBe(`GET ${gateway.url}/jobs/1 answered 524 A timeout occurred`);
    expect(error.isTransient).toBe(true);
  });

  it("says what helps where a proxy answers in place of the gateway, or nobody", async () => {
    const deployed = client("key-1", gateway.url, "look at its pod");
    gateway.faults.push({ status: 502, body: "nothing listens" });
    const { message } = await failure(deployed.job("1"));
    expect(message).toBe(`GET ${gateway.url}/jobs/1 answered 502 nothing listens; look at its pod`);
    gateway.faults.push({ status: 404, body: '{"error": "job_not_found"}' });
    expect((await failure(deployed.job("1"))).message).toBe(`GET ${gateway.url}/jobs/1 answered 404 job_not_found`);
    const nobody = client("key-1", "http://127.0.0.1:2", "look at its pod");
    expect((await failure(nobody.job("1"))).message).toMatch(/got no answer: .*; look at its pod$/);
    expect((await failure(nobody.health())).message).toMatch(/ECONNREFUSED[^;]*$/);
  });

  it("refuses an answer that is not what the route promises", async () => {
    gateway.faults.push({ status: 202, body: '{"job": 1}' });
    expect((await failure(client().run({}))).message).toBe(
      `POST ${gateway.url}/run answered 202 with something else than it should: {"job": 1}`,
    );
  });

  it("says that nobody answers, and holds that for transient", async () => {
    await gateway.close();
    const error = await failure(client().health());
    expect(error.message).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/healthz got no answer: .*ECONNREFUSED/);
    expect(error.isTransient).toBe(true);
    gateway = await startGatewayDouble(contractDocument, "key-1");
  });

  it("gives the health of an endpoint that is not well", async () => {
    gateway.health = { status: "starting", phase: "models", detail: "flux1-schnell", progress: 0.41 };
    expect(await client("").health()).toEqual(gateway.health);
  });

  it("uploads a file as it is, with its media type and its name in UTF-8", async () => {
    const path = join(folder, "nächt 1.png");
    const bytes = Buffer.from([0, 255, 13, 10, 0]);
    writeFileSync(path, bytes);
    const { file_id } = await client().upload(path, { mediaType: "image/png" });
    expect(gateway.files.get(file_id)).toEqual({ bytes, mediaType: "image/png", name: "nächt 1.png" });
  });

  it("downloads a file under the name its media type asks for", async () => {
    const bytes = Buffer.alloc(300_000, "picture");
    gateway.files.set("fid_1", { bytes, mediaType: "image/png", name: null });
    const saved = await client().download("fid_1", (type) => join(folder, type.replace("/", ".")));
    expect(saved).toEqual({ path: join(folder, "image.png"), size: 300_000, mediaType: "image/png" });
    expect(readFileSync(saved.path).equals(bytes)).toBe(true);
  });

  it("leaves nothing behind when a download is refused", async () => {
    const error = await failure(client().download("fid_2", () => join(folder, "gone.png")));
    expect(error.message).toBe(`GET ${gateway.url}/files/fid_2/download answered 404 file_not_found`);
    expect(existsSync(join(folder, "gone.png"))).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});
