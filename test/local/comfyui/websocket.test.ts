import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { features } from "../../../local/comfyui/http/info.ts";
import { patience, picture, type StandIn, slowPicture, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterAll(() => comfy.close());

// All of it was observed on ComfyUI 0.33.
describe("a websocket", () => {
  it("starts with the status, and with an id of the server's when it gives none", async () => {
    const client = await comfy.connect();
    expect(client.messages).toEqual([
      {
        type: "status",
        data: {
          status: { exec_info: { queue_remaining: 0 } },
          sid: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        },
      },
    ]);
  });

  it("is told the server's features when its first message tells its own", async () => {
    const client = await comfy.connect("flags");
    client.send({ type: "feature_flags", data: { supports_preview_metadata: true } });
    expect(await client.got("feature_flags")).toEqual(features(100 * 1024 * 1024));
  });

  it("exists below /api as well, and nowhere else", async () => {
    const opened = (path: string) =>
      new Promise<boolean>((resolve) => {
        const socket = new WebSocket(`${comfy.url.replace("http", "ws")}${path}`);
        socket.once("open", () => {
          socket.close();
          resolve(true);
        });
        socket.once("error", () => resolve(false));
      });
    expect(await opened("/api/ws")).toBe(true);
    expect(await opened("/events")).toBe(false);
  });

  it("that comes back after it was closed is told the running node, without the prompt's id", async () => {
    const first = await comfy.connect("back");
    const id = await comfy.queue(slowPicture(30, 1), { client_id: "back" });
    await expect.poll(() => first.types().filter((type) => type === "executing").length, patience).toBe(2);
    await first.close();
    const second = await comfy.connect("back");
    expect(await second.got("executing")).toEqual({ node: "2" });
    await comfy.post("/interrupt", { prompt_id: id });
    await second.end(id);
    expect(second.types()).toEqual(["status", "executing", "execution_interrupted", "status", "executing"]);
  });

  it("goes silent when an older one with the same id closes after it", async () => {
    const old = await comfy.connect("twice");
    const fresh = await comfy.connect("twice");
    await old.close();
    await comfy.run(picture(2), { client_id: "twice" });
    expect(fresh.types()).toEqual(["status"]);
  });

  it("may close: the job of its client goes on", async () => {
    const client = await comfy.connect("gone");
    const id = await comfy.queue(slowPicture(0.05, 3), { client_id: "gone" });
    await client.close();
    expect((await comfy.ended(id)).status.status_str).toBe("success");
  });
});
