import { PNG } from "pngjs";
import { afterEach, describe, expect, it } from "vitest";
import { patience, type StandIn, type StandInOptions, slowPicture, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
const start = async (options: StandInOptions = {}): Promise<void> => {
  comfy = await startStandIn(options);
};
afterEach(() => comfy.close());

const feature = { type: "feature_flags", data: { supports_preview_metadata: true } };
const overWebsocket = {
  "1": { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 1, color: 3173428 } },
  "2": { class_type: "SaveImageWebsocket", inputs: { images: ["1", 0] } },
};

/** What comes for a prompt: the types in their order, and the binary messages. */
async function eventsOf(prompt: object, clientId: string, flags?: object) {
  const client = await comfy.connect(clientId);
  if (flags !== undefined) {
    client.send(flags);
    await client.got("feature_flags");
  }
  const id = await comfy.queue(prompt, { client_id: clientId });
  await client.end(id);
  const order = client.messages.map(({ type }) => type);
  const frames = client.messages.flatMap(({ type, data }) => (type === "binary" ? [data["bytes"] as Buffer] : []));
  return { id, order, frames, close: () => client.close() };
}

const sizeOf = (png: Buffer) => {
  const { width, height } = PNG.sync.read(png);
  return [width, height];
};

// Observed on ComfyUI 0.33: order, head and size of the picture of SaveImageWebsocket for a client without the feature.
describe("SaveImageWebsocket", () => {
  it("sends its pictures alone, whatever the preview method is, and leaves nothing in history", async () => {
    await start();
    const { id, order, frames } = await eventsOf(overWebsocket, "plain");
    expect(order.slice(-7)).toEqual([
      ...["progress_state", "progress", "binary", "progress_state"],
      ...["execution_success", "status", "executing"],
    ]);
    expect(frames[0]?.toString("hex", 0, 26)).toBe("000000010000000289504e470d0a1a0a0000000d494844520000");
    expect(sizeOf(frames[0]?.subarray(8) ?? Buffer.alloc(0))).toEqual([64, 64]);
    const { outputs, status } = await comfy.ended(id);
    expect([outputs, status.status_str]).toEqual([{}, "success"]);
  });

  it("says of which node they are to a client that can tell (the place before the progress is ComfyUI's code)", async () => {
    await start();
    const { id, order, frames } = await eventsOf(overWebsocket, "metadata", feature);
    expect(order.slice(-7, -3)).toEqual(["progress_state", "binary", "progress", "progress_state"]);
    const [frame = Buffer.alloc(8)] = frames;
    const end = 8 + frame.readUInt32BE(4);
    expect(frame.readUInt32BE(0)).toBe(4);
    expect(JSON.parse(frame.toString("utf8", 8, end))).toEqual({
      node_id: "2",
      prompt_id: id,
      display_node_id: "2",
      parent_node_id: null,
      real_node_id: "2",
      image_type: "image/png",
    });
    expect(sizeOf(frame.subarray(end))).toEqual([64, 64]);
  });
});

describe("a node that takes its time", () => {
  it.each([
    ["none", 0],
    ["auto", 3],
  ] as const)("with the preview method %s shows %i previews in 3 steps", async (previewMethod, count) => {
    await start({ previewMethod });
    const { frames } = await eventsOf(slowPicture(0.01, 1, 3), "steps");
    expect(frames.map((frame) => frame.readUInt32BE(0))).toEqual(Array.from({ length: count }, () => 1));
  });

  it("shows them to nobody but its client", async () => {
    await start({ previewMethod: "auto" });
    const other = await comfy.connect("other");
    await eventsOf(slowPicture(0.01, 1), "own");
    await comfy.run(slowPicture(0.01, 2));
    await expect.poll(() => other.types().filter((type) => type === "status").length, patience).toBe(7);
    expect(other.types()).not.toContain("binary");
  });

  it("shows them as the client of the moment wants them: a new one has said nothing yet", async () => {
    await start({ previewMethod: "auto" });
    const first = await eventsOf(slowPicture(0.01, 1, 1), "back", feature);
    expect(first.frames.map((frame) => frame.readUInt32BE(0))).toEqual([4]);
    await first.close();
    const second = await eventsOf(slowPicture(0.01, 2, 1), "back");
    expect(second.frames.map((frame) => frame.readUInt32BE(0))).toEqual([1]);
  });
});
