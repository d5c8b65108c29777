import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { isForeign } from "../../../local/comfyui/http/origin.ts";
import { type StandIn, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterAll(() => comfy.close());

const ask = async (path: string, headers: Record<string, string>, method = "GET") => {
  const response = await fetch(`${comfy.url}${path}`, { method, headers });
  return [response.status, await response.text()];
};

// Observed on ComfyUI 0.33, but for the websocket, which goes the same way there.
describe("a web page of another site", () => {
  it("is turned away", async () => {
    expect(await ask("/queue", { origin: "http://evil.example" })).toEqual([403, ""]);
    expect(await ask("/queue", { "sec-fetch-site": "cross-site" })).toEqual([403, ""]);
    expect((await ask("/queue", { origin: comfy.url }))[0]).toBe(200);
    expect(await ask("/prompt", {}, "OPTIONS")).toEqual([200, ""]);
  });

  it("gets no websocket", async () => {
    const status = await new Promise((resolve) => {
      const socket = new WebSocket(`${comfy.url.replace("http", "ws")}/ws`, { origin: "http://evil.example" });
      socket.once("unexpected-response", (_, response) => resolve(response.statusCode));
      socket.once("open", () => resolve("open"));
      socket.on("error", () => undefined);
    });
    expect(status).toBe(403);
  });

  // As ComfyUI's code has it.
  it.each([
    ["127.0.0.1:8188", "http://127.0.0.1:8188", false],
    ["127.0.0.1:8188", "http://127.0.0.1:9000", true],
    ["127.0.0.1:8188", "http://localhost:8188", true],
    ["localhost:8188", "http://localhost", false],
    ["[::1]:8188", "http://evil.example", true],
    ["gpu.example:8188", "http://evil.example", false],
    ["127.0.0.1:8188", "null", false],
    ["127.0.0.1:8188", undefined, false],
  ])("of host %s and origin %s is foreign: %s", (host, origin, foreign) => {
    expect(isForeign({ host, origin })).toBe(foreign);
  });
});
