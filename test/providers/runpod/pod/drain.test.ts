import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drainPod } from "../../../../providers/runpod/pod/drain.ts";
import { nobodyThere } from "../../../support/closed-port.ts";
import { apiKey, drawPictures, startGateway, type TestGateway } from "../../../support/gateway.ts";
import { registerKey } from "../../../support/named-keys.ts";

let lines: string[];
const log = (line: string): void => void lines.push(line);
beforeEach(() => {
  lines = [];
});

describe("draining a pod", () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await startGateway();
  });
  afterEach(() => gateway.stop());

  const drain = (drainSeconds?: number, key = apiKey) =>
    drainPod({ endpointUrl: gateway.url, apiKey: key, ...(drainSeconds !== undefined && { drainSeconds }) }, log);
  const takesRuns = async () => (await gateway.request("/healthz")).status === 200;

  it("is done at once when nothing runs", async () => {
    expect(await drain()).toBe("drained");
    expect([await takesRuns(), lines]).toEqual([false, []]);
  });

  it("waits for what runs and what is queued", async () => {
    const running = await gateway.run({ prompt: "1" });
    await gateway.jobIn("running", running);
    const queued = await gateway.run({ prompt: "2" });
    const draining = drain();
    drawPictures(gateway.comfy);
    setTimeout(() => gateway.comfy.submissions.forEach((each) => gateway.comfy.onPrompt?.(each)), 500);
    expect(await draining).toBe("drained");
    expect(await Promise.all([running, queued].map(async (id) => (await gateway.job(id)).state))).toEqual([
      "completed",
      "completed",
    ]);
    expect(lines[0]).toBe("draining: 1 job running, 1 queued; at most 120 s");
  });

  it("waits no longer than it was told", async () => {
    await gateway.jobIn("running", await gateway.run({ prompt: "1" }));
    expect(await drain(1.5)).toBe("timed-out");
    expect(lines).toEqual([
      "draining: 1 job running, 0 queued; at most 1.5 s",
      "not drained within 1.5 s: 1 job will be lost",
    ]);
  });

  it("is off with 0 seconds", async () => {
    expect(await drain(0)).toBe("skipped");
    expect(await takesRuns()).toBe(true);
  });

  it("does not stand in the way of a deletion when the key is refused, and says so", async () => {
    expect(await drain(120, "wrong")).toBe("skipped");
    expect(await drain(120, await registerKey(gateway, "reader", ["read"]))).toBe("skipped");
    expect(await takesRuns()).toBe(true);
    expect(lines).toEqual([
      "not drained: the gateway says unauthorized",
      'not drained: the gateway says the key "reader" is good for read; this needs the scope admin',
    ]);
  });
});

describe("a pod that has nobody to ask", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const answering = async (status: number, body: string): Promise<string> => {
    server = createServer((_request, response) => response.writeHead(status).end(body));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  it.each([
    ["answers with its proxy's page", 404, "<html>not found</html>"],
    ["is a gateway without the route", 404, '{"error":"not_found"}'],
    ["answers with something else", 200, "{}"],
  ])("is not drained when it %s", async (_what, status, body) => {
    expect(await drainPod({ endpointUrl: await answering(status, body), apiKey: "k" }, log)).toBe("skipped");
    expect(lines).toEqual([]);
  });

  it("is not drained when it is gone", async () => {
    expect(await drainPod({ endpointUrl: await nobodyThere(), apiKey: "k" }, log)).toBe("skipped");
    expect(lines).toEqual([]);
  });
});
