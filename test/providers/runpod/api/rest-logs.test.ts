import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createLogsApi } from "../../../../providers/runpod/api/rest-logs.ts";
import { type StartedRunPod, startLocalRunPod } from "../../../support/local-runpod.ts";
import { until } from "../../../support/until.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const patienceMs = { firstLine: 200, nextLine: 100 };

/** A RunPod that answers by itself, and what it was asked. */
async function scripted(answer: (response: ServerResponse) => void, timeoutMs = 5000) {
  const asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push({ url, headers });
    answer(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { api: createLogsApi({ apiKey: "k", baseUrl, timeoutMs, patienceMs }), asked };
}

const event = (line: string, end = "\n\n") =>
  `id: 2026-06-01T12:02:03Z/000000000001\ndata: ${JSON.stringify({ ts: "2026-06-01T12:02:03Z", source: "container", line })}${end}`;
const told = (text: string) => ({ time: "2026-06-01T12:02:03Z", source: "container", text });
const answersWith =
  (status: number, body: string, headers = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

describe("a pod's logs", () => {
  it("are those that the host keeps, the latest ones, of container and host", async () => {
    const print = "console.log('one\\ntwo'); setInterval(() => undefined, 1000)";
    const container = { command: process.execPath, args: ["--eval", print], cwd: import.meta.dirname, env: {} };
    const runpod: StartedRunPod = await startLocalRunPod({ container });
    closing.push(runpod.close);
    const { data } = await runpod.graphql(
      `mutation { podFindAndDeployOnDemand(input: { imageName: "i", gpuTypeId: "NVIDIA L4", gpuCount: 1 }) { id } }`,
    );
    const { id } = data?.["podFindAndDeployOnDemand"] as { id: string };
    await until("it has printed", async () => (await runpod.host.logTail(id)) === "one\ntwo\n");
    const api = createLogsApi({ apiKey: runpod.apiKey, baseUrl: runpod.url, timeoutMs: 5000, patienceMs });
    const texts = async (tail: number) => (await api.podLogs(id, tail)).map(({ source, text }) => [source, text]);
    expect(await texts(100)).toEqual([
      ["container", "one"],
      ["container", "two"],
    ]);
    expect(await texts(1)).toEqual([["container", "two"]]);
    await expect(api.podLogs("nope", 1)).rejects.toMatchObject({
      refusal: "gone",
      message: "RunPod has no logs of pod nope (HTTP 404: pod not found)",
    });
    const stranger = createLogsApi({ apiKey: "wrong", baseUrl: runpod.url, timeoutMs: 5000 });
    await expect(stranger.podLogs(id, 1)).rejects.toMatchObject({ refusal: "auth" });
  });

  it("are asked for with a key, a name of ours, and no more lines than RunPod gives", async () => {
    const { api, asked } = await scripted(answersWith(200, event("a")));
    await api.podLogs("a/b", 9000);
    expect(asked).toMatchObject([
      {
        url: "/v2/pods/a%2Fb/logs?tail=5000",
        headers: { authorization: "Bearer k", accept: "text/event-stream", "user-agent": "comfy-endpoints/0.1" },
      },
    ]);
    expect(await api.podLogs("a", 0)).toEqual([]);
    expect(asked).toHaveLength(1);
  });

  it("are complete when the lines are here, though the stream goes on", async () => {
    const { api } = await scripted((response) => {
      const timer = setInterval(() => response.write(event("tick")), 20);
      response.on("close", () => clearInterval(timer));
    });
    expect(await api.podLogs("p", 3)).toEqual([told("tick"), told("tick"), told("tick")]);
  });

  it("are complete when nothing more is told", async () => {
    const { api } = await scripted((response) => void response.write(event("a") + event("b")));
    expect(await api.podLogs("p", 100)).toEqual([told("a"), told("b")]);
    const silent = await scripted((response) => response.flushHeaders());
    expect(await silent.api.podLogs("p", 100)).toEqual([]);
  });

  it("are read wherever the stream is cut, and with comments and other line ends in it", async () => {
    const bytes = Buffer.from(`: hello\n\n${event("ü")}${event("b", "\r\n\r\n")}`);
    const at = bytes.indexOf("ü") + 1;
    const { api } = await scripted((response) => {
      response.write(bytes.subarray(0, at));
      setTimeout(() => response.end(bytes.subarray(at)), 30);
    });
    expect(await api.podLogs("p", 100)).toEqual([told("ü"), told("b")]);
  });

  it("are what has come when the stream breaks off, or takes too long", async () => {
    const broken = await scripted((response) => response.write(event("a"), () => response.socket?.destroy()));
    expect(await broken.api.podLogs("p", 100)).toEqual([told("a")]);
    const slow = await scripted((response) => {
      const timer = setInterval(() => response.write(event("a")), 60);
      response.on("close", () => clearInterval(timer));
    }, 300);
    expect((await slow.api.podLogs("p", 100)).length).toBeGreaterThan(1);
  });
});

describe("a refusal of logs", () => {
  const json = (detail: string) => JSON.stringify({ title: "T", status: 1, detail });
  it.each<[string, (response: ServerResponse) => void, object]>([
    ["a wrong key", answersWith(401, json("missing bearer token")), { refusal: "auth", message: /\(HTTP 401\)$/ }],
    [
      "a key for something else",
      answersWith(403, json("access denied")),
      { refusal: "auth", message: /\(HTTP 403\)$/ },
    ],
    [
      "too many requests",
      answersWith(429, json("rate limit exceeded for the minute window"), { "retry-after": "12" }),
      { refusal: "limited", retryAfterMs: 12_000, message: /HTTP 429: rate limit exceeded for the minute window/ },
    ],
    [
      "an answer that is no JSON",
      answersWith(502, "<html>"),
      { refusal: "transient", message: "RunPod refused podLogs (HTTP 502)" },
    ],
    [
      "a request that does not fit",
      answersWith(422, json("Request validation failed.")),
      { refusal: "invalid", message: "RunPod refused podLogs (HTTP 422: Request validation failed.)" },
    ],
    [
      "no logs but something else",
      answersWith(200, "data: <html>\n\n"),
      { refusal: "invalid", message: "RunPod answered podLogs with something else than its schema says" },
    ],
    [
      "events of another shape",
      answersWith(200, 'data: {"line": 1}\n\n'),
      { refusal: "invalid", message: "RunPod answered podLogs with something else than its schema says" },
    ],
    [
      "a connection that breaks",
      (response) => response.socket?.destroy(),
      { refusal: "transient", message: "RunPod did not answer podLogs: other side closed" },
    ],
  ])("says what it means: %s", async (_, answer, error) => {
    const { api } = await scripted(answer);
    await expect(api.podLogs("p", 10)).rejects.toMatchObject(error);
  });

  it("is silence when RunPod does not answer in time", async () => {
    const { api } = await scripted(() => undefined, 100);
    await expect(api.podLogs("p", 10)).rejects.toMatchObject({
      refusal: "transient",
      message: "RunPod did not answer podLogs: The operation was aborted due to timeout",
    });
  });
});
