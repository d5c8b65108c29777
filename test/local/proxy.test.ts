import { request as httpRequest } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { answering, podImage } from "./pod-program.ts";
import { mutate, rent } from "./renting.ts";

let runpod: StartedRunPod;
let pod: string;
beforeAll(async () => {
  runpod = await startLocalRunPod({ container: podImage(), proxy: { timeoutMs: 1000, maxBodyBytes: 1000 } });
  pod = await rent(runpod, { ports: "8080/http,9000/http,22/tcp" });
  await answering(runpod, pod);
});
afterEach(() => runpod.faults.clear());
afterAll(() => runpod.close());

const ask = async (path: string, init: RequestInit = {}, port = 8080, podId = pod) => {
  const response = await fetch(`${runpod.podUrl(podId, port)}${path}`, init);
  return [response.status, await response.text()];
};

describe("the proxy", () => {
  it("hands a request on as it is, with the caller's address, and the answer back", async () => {
    const response = await fetch(`${runpod.podUrl(pod, 8080)}/echo?a=1&b=%20`, {
      method: "PUT",
      headers: { "x-api-key": "secret" },
      body: "x".repeat(1000),
    });
    expect(await response.json()).toMatchObject({
      method: "PUT",
      url: "/echo?a=1&b=%20",
      bytes: 1000,
      headers: { "x-api-key": "secret", "x-forwarded-for": expect.stringContaining("127.0.0.1") as string },
    });
    expect(await ask("/anything")).toEqual([418, "teapot"]);
  });

  it("sends whoever leaves out the slash behind a pod's address to it, for the relative links of a page", async () => {
    const response = await fetch(runpod.podUrl(pod, 8080), { redirect: "manual" });
    const { pathname } = new URL(runpod.podUrl(pod, 8080));
    expect([response.status, response.headers.get("location")]).toEqual([308, `${pathname}/`]);
  });

  it("gives up with 524 when no answer comes in time (documented)", async () => {
    expect(await ask("/never")).toEqual([524, "the pod did not answer in time\n"]);
  });

  it("refuses a body that is too large with 413, whether it tells its length or not (assumption)", async () => {
    const tooLarge = [413, "the body is larger than 1000 bytes\n"];
    expect(await ask("/echo", { method: "POST", body: "x".repeat(1001) })).toEqual(tooLarge);
    const chunked = new Promise<unknown>((resolve, reject) => {
      const request = httpRequest(`${runpod.podUrl(pod, 8080)}/echo`, { method: "POST" }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve([response.statusCode, text]));
      });
      request.on("error", reject);
      request.write("x".repeat(600));
      request.end("x".repeat(600));
    });
    expect(await chunked).toEqual(tooLarge);
  });

  it("answers 502 where nothing listens: an unused port, a stopped pod (documented)", async () => {
    const nobody = [502, "nothing listens on this port\n"];
    expect(await ask("/", {}, 9000)).toEqual(nobody);
    const stopped = await rent(runpod);
    await mutate(runpod, "podStop", { podId: stopped });
    expect(await ask("/", {}, 8080, stopped)).toEqual(nobody);
  });

  it("knows only ports that are declared as http, of pods that exist (404 is an assumption)", async () => {
    expect(await ask("/", {}, 8081)).toEqual([404, `there is no pod "${pod}" with port 8081/http\n`]);
    expect(await ask("/", {}, 22)).toEqual([404, `there is no pod "${pod}" with port 22/http\n`]);
    expect(await ask("/", {}, 8080, "nope")).toEqual([404, 'there is no pod "nope" with port 8080/http\n']);
  });

  it("breaks off when the pod breaks off", async () => {
    await expect(ask("/half")).rejects.toThrow("terminated");
  });
});

describe("a fault of the proxy", () => {
  const add = (kind: "http500" | "http429" | "reset-before" | "reset-after" | "timeout", podId?: string): void =>
    runpod.faults.add({ operation: "proxy", kind, ...(podId !== undefined && { podId }) });

  it("is an answer of the edge", async () => {
    add("http500");
    add("http429");
    expect([await ask("/echo"), await ask("/echo")]).toMatchObject([
      [500, "<html><body>Internal Server Error</body></html>"],
      [429, "<html><body>Too Many Requests</body></html>"],
    ]);
    expect((await ask("/echo"))[0]).toBe(200);
    expect(runpod.operations.all().slice(-2)).toMatchObject([
      { name: "proxy", podId: pod, outcome: "fault", detail: "http500" },
      { name: "proxy", podId: pod, outcome: "fault", detail: "http429" },
    ]);
  });

  it.each(["reset-before", "reset-after"] as const)("breaks the connection: %s", async (kind) => {
    add(kind);
    await expect(ask("/echo")).rejects.toThrow("fetch failed");
    expect((await ask("/echo"))[0]).toBe(200);
  });

  it("never answers, not even with 524", async () => {
    add("timeout");
    await expect(ask("/echo", { signal: AbortSignal.timeout(1200) })).rejects.toThrow("aborted due to timeout");
  });

  it("of another pod does not happen", async () => {
    add("http500", "another");
    expect((await ask("/echo"))[0]).toBe(200);
    expect(runpod.faults.pending()).toHaveLength(1);
  });
});
