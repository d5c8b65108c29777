import { describe, expect, it } from "vitest";
import { binaryEvent, textEvent } from "../../../gateway/comfy/frames.ts";

const promptId = "91c2da29-febd-4afe-8d68-08863a4cac35";
const told = (type: string, data: unknown) => textEvent(JSON.stringify({ type, data }));
const state = (id: string, value: number, max: number, name: string, shown = id) => ({
  ...{ value, max, state: name, node_id: id, prompt_id: promptId },
  ...{ display_node_id: shown, parent_node_id: null, real_node_id: id },
});

describe("a text message of ComfyUI's", () => {
  it.each([
    ["execution_start", { prompt_id: promptId, timestamp: 1 }, { kind: "started", promptId }],
    ["execution_cached", { nodes: ["1"], prompt_id: promptId }, { kind: "cached", promptId, nodes: ["1"] }],
    ["executing", { node: "1", display_node: "1", prompt_id: promptId }, { kind: "node", promptId, node: "1" }],
    ["executing", { node: "2" }, { kind: "node", promptId: undefined, node: "2" }],
    ["executing", { node: "5.0.1", display_node: "5", prompt_id: promptId }, { kind: "node", promptId, node: "5" }],
    ["executing", { node: null, prompt_id: promptId }, { kind: "ended", promptId }],
    [
      "progress",
      { value: 3, max: 8, prompt_id: promptId, node: "2" },
      { kind: "steps", promptId, node: "2", steps: { value: 3, max: 8 } },
    ],
    [
      "progress_state",
      {
        prompt_id: promptId,
        nodes: {
          "1": state("1", 1, 1, "finished"),
          "2": state("2", 3, 8, "running"),
          "5.0.1": state("5.0.1", 1, 1, "finished", "5"),
        },
      },
      {
        kind: "nodes",
        promptId,
        nodes: [
          { node: "1", isRunning: false, isFinished: true, steps: { value: 1, max: 1 } },
          { node: "2", isRunning: true, isFinished: false, steps: { value: 3, max: 8 } },
          { node: "5", isRunning: false, isFinished: false, steps: { value: 1, max: 1 } },
        ],
      },
    ],
    [
      "executed",
      { node: "3", display_node: "3", output: { images: [] }, prompt_id: promptId },
      { kind: "executed", promptId, node: "3", output: { images: [] } },
    ],
    ["execution_success", { prompt_id: promptId }, { kind: "ended", promptId }],
    ["execution_error", { prompt_id: promptId, node_id: "2", traceback: [] }, { kind: "ended", promptId }],
    ["execution_interrupted", { prompt_id: promptId, executed: [] }, { kind: "ended", promptId }],
  ])("%s %j is understood", (type, data, event) => {
    expect(told(type, data)).toEqual(event);
  });

  it.each([
    '{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}},"sid":"x"}}',
    '{"type":"feature_flags","data":{"assets":false}}',
    '{"type":"progress","data":{"value":NaN,"max":8,"node":"2"}}',
    '{"type":"progress","data":{"value":"3","max":8,"node":"2"}}',
    '{"type":"executing","data":{"node":7}}',
    '{"type":"progress_state","data":null}',
    '{"type":"toString","data":{}}',
    "[]",
    "no JSON",
  ])("%s is passed over", (message) => {
    expect(textEvent(message)).toBeUndefined();
  });
});

const header = (...words: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, at) => bytes.writeUInt32BE(word, 4 * at));
  return bytes;
};
const withMetadata = (metadata: string, image = "picture"): Buffer =>
  Buffer.concat([header(4, Buffer.byteLength(metadata)), Buffer.from(metadata), Buffer.from(image)]);

describe("a binary message of ComfyUI's", () => {
  it.each([
    [1, "image/jpeg"],
    [2, "image/png"],
  ])("of format %d is a preview, %s", (format, mediaType) => {
    expect(binaryEvent(Buffer.concat([header(1, format), Buffer.from("picture")]))).toEqual({
      ...{ kind: "preview", promptId: undefined, node: undefined, mediaType },
      bytes: Buffer.from("picture"),
    });
  });

  it("that tells about itself is a preview of that node and prompt", () => {
    const metadata = { node_id: "5.0.1", display_node_id: "5", prompt_id: promptId, image_type: "image/jpeg" };
    expect(binaryEvent(withMetadata(JSON.stringify(metadata)))).toEqual({
      ...{ kind: "preview", promptId, node: "5", mediaType: "image/jpeg" },
      bytes: Buffer.from("picture"),
    });
  });

  it.each([
    ["is too short", Buffer.from([0, 0, 0, 1])],
    ["is a text", Buffer.concat([header(3, 1), Buffer.from("1hello")])],
    ["has a format that nobody knows", Buffer.concat([header(1, 9), Buffer.from("picture")])],
    ["has metadata longer than itself", header(4, 100)],
    ["has metadata that are none", withMetadata("{")],
    ["claims to be a page", withMetadata('{"image_type":"text/html"}')],
  ])("that %s is passed over", (_, message) => {
    expect(binaryEvent(message)).toBeUndefined();
  });
});
