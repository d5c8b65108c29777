import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { PodRequest } from "../../../../providers/runpod/api/api.ts";
import { createGraphQlApi } from "../../../../providers/runpod/api/graphql-api.ts";
import { boundedWaitMs } from "../../../../providers/runpod/api/graphql-client.ts";

interface Answer {
  status?: number;
  retryAfter?: string;
  body?: object;
}

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** A RunPod that gives these answers, the last one again and again, and keeps what it was asked. */
async function scripted(...answers: Answer[]) {
  const asked: { at: number; variables: { input?: Record<string, unknown> } }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? {};
      const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as { variables: object };
      asked.push({ at: Date.now(), variables });
      const headers = answer.retryAfter === undefined ? {} : { "retry-after": answer.retryAfter };
      response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...headers });
      response.end(answer.body === undefined ? "" : JSON.stringify(answer.body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { apiKey: "k", baseUrl, proxyUrl: "http://{podId}-{port}", timeoutMs: 5000, retryDelaysMs: [1, 1] };
  return { api: createGraphQlApi(options), asked };
}

const volumes = { data: { myself: { networkVolumes: [{ id: "v1", name: "n", size: 10, dataCenterId: "US-KS-2" }] } } };
const created = { data: { createNetworkVolume: volumes.data.myself.networkVolumes[0] } };
const volume = { name: "n", sizeGb: 10, dataCenter: "US-KS-2" };
const refusal = (message: string, code?: string) => ({
  data: {},
  errors: [{ message, ...(code && { extensions: { code } }) }],
});

describe("a query", () => {
  it("is asked again when RunPod stumbles, and after the wait that RunPod asks for", async () => {
    const { api, asked } = await scripted({ status: 502 }, { status: 429, retryAfter: "1" }, { body: volumes });
    expect(await api.listNetworkVolumes()).toEqual([{ id: "v1", ...volume }]);
    expect(asked).toHaveLength(3);
    expect((asked[2]?.at ?? 0) - (asked[1]?.at ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it("fails as a passing trouble when RunPod goes on to take no more requests", async () => {
    const { api, asked } = await scripted({ status: 429 });
    await expect(api.listPods()).rejects.toMatchObject({ refusal: "transient", message: /HTTP 429/ });
    expect(asked).toHaveLength(3);
  });

  it("does not take a list that is missing for an empty one", async () => {
    const { api } = await scripted({ body: { data: { myself: null } } });
    await expect(api.listNetworkVolumes()).rejects.toMatchObject({ refusal: "invalid" });
  });
});

describe("a mutation", () => {
  it("is sent again after a 429, which did nothing", async () => {
    const { api, asked } = await scripted({ status: 429 }, { status: 429 }, { body: created });
    expect(await api.createNetworkVolume(volume)).toEqual({ id: "v1", ...volume });
    expect(asked).toHaveLength(3);
  });

  it("says that it did nothing when 429 is all it gets", async () => {
    const { api } = await scripted({ status: 429 });
    await expect(api.createNetworkVolume(volume)).rejects.toMatchObject({ refusal: "limited" });
  });

  it.each<[string, Answer]>([
    ["a server error", { status: 500 }],
    ["a server error that is told as GraphQL", { status: 503, body: refusal("Service Unavailable") }],
    ["an error inside RunPod", { body: refusal("Something went wrong.", "INTERNAL_SERVER_ERROR") }],
  ])("is sent once after %s, for it may have worked", async (_, answer) => {
    const { api, asked } = await scripted(answer);
    await expect(api.createNetworkVolume(volume)).rejects.toMatchObject({ refusal: "transient" });
    expect(asked).toHaveLength(1);
  });

  it("is refused in RunPod's words, also when the refusal carries no code", async () => {
    const { api } = await scripted({ body: refusal("too large") });
    await expect(api.createNetworkVolume(volume)).rejects.toMatchObject({
      refusal: "invalid",
      message: "RunPod refused createNetworkVolume: too large",
    });
  });

  it("shows no password that RunPod's refusal repeats", async () => {
    const { api } = await scripted({ body: refusal('password "s3cret" is too short') });
    const error: unknown = await api
      .createRegistryAuth("n", { username: "u", password: "s3cret" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: /"\[secret\]" is too short/ });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("s3cret");
  });

  it("stops and terminates a pod that is gone", async () => {
    const { api } = await scripted({ body: refusal("pod not found", "POD_NOT_FOUND") });
    await expect(api.stopPod("p")).resolves.toBeUndefined();
    await expect(api.terminatePod("p")).resolves.toBeUndefined();
  });

  it("tells RunPod when to stop and to terminate a pod", async () => {
    const { api, asked } = await scripted({ status: 400 });
    const request = { env: {}, ports: [], gpuCount: 1, spot: false, pricePerHour: 1 } as unknown as PodRequest;
    const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second));
    await expect(api.createPod({ ...request, stopAfter: at(1), terminateAfter: at(2) })).rejects.toThrow("HTTP 400");
    await expect(api.createPod(request)).rejects.toThrow("HTTP 400");
    expect(asked[0]?.variables.input).toMatchObject({
      stopAfter: "2030-01-01T00:00:01.000Z",
      terminateAfter: "2030-01-01T00:00:02.000Z",
    });
    expect(asked[1]?.variables.input).not.toHaveProperty("stopAfter");
  });
});

it.each<[string | null, number]>([
  ["7", 7000],
  ["3600", 30_000],
  ["soon", 0],
  [null, 0],
])("RunPod's wish to wait %j is a wait of %i ms", (header, expected) => {
  expect(boundedWaitMs(header)).toBe(expected);
});
