import { describe, expect, it } from "vitest";
import { noObjectInfo, readObjectInfo } from "../../../cli/init/object-info.ts";
import { promptOfUi } from "../../../cli/init/ui-prompt.ts";

type Slot = { name: string; type: string; link?: number | null; widget?: { name: string } };
const slot = (name: string, type: string, link: number | null = null, widget = false): Slot => ({
  ...{ name, type, link },
  ...(widget && { widget: { name } }),
});
const node = (id: number, type: string, inputs: Slot[], widgets: unknown = [], more: object = {}) => ({
  ...{ id, type, pos: [0, 0], mode: 0, inputs, outputs: [], properties: {}, widgets_values: widgets },
  ...more,
});
const link = (id: number, origin: number, originSlot: number, target: number, targetSlot: number, type: string) => [
  ...[id, origin, originSlot, target, targetSlot, type],
];
const prompt = (document: object, info = noObjectInfo) => promptOfUi(document, info, "w.json").prompt;

const textToImage = {
  nodes: [
    node(4, "CheckpointLoaderSimple", [], ["sd15.safetensors"]),
    node(5, "EmptyLatentImage", [], [512, 768, 1]),
    node(6, "CLIPTextEncode", [slot("clip", "CLIP", 3)], ["a lighthouse"], { title: "Positive" }),
    node(7, "CLIPTextEncode", [slot("clip", "CLIP", 5)], ["text, watermark"]),
    node(
      3,
      "KSampler",
      [
        ...[slot("model", "MODEL", 1), slot("positive", "CONDITIONING", 4), slot("negative", "CONDITIONING", 6)],
        slot("latent_image", "LATENT", 2),
      ],
      [685468484323813, "randomize", 20, 8, "euler", "normal", 1],
    ),
    node(8, "VAEDecode", [slot("samples", "LATENT", 7), slot("vae", "VAE", 8)]),
    node(9, "SaveImage", [slot("images", "IMAGE", 9)], ["SD1.5"]),
    node(15, "MarkdownNote", [], ["read me"]),
  ],
  links: [
    ...[link(1, 4, 0, 3, 0, "MODEL"), link(2, 5, 0, 3, 3, "LATENT"), link(3, 4, 1, 6, 0, "CLIP")],
    ...[link(4, 6, 0, 3, 1, "CONDITIONING"), link(5, 4, 1, 7, 0, "CLIP"), link(6, 7, 0, 3, 2, "CONDITIONING")],
    ...[link(7, 3, 0, 8, 0, "LATENT"), link(8, 4, 2, 8, 1, "VAE"), link(9, 8, 0, 9, 0, "IMAGE")],
  ],
  version: 0.4,
};

describe("a workflow in UI format", () => {
  it("becomes what the editor sends: links, widget values by name, no notes", () => {
    expect(prompt(textToImage)).toEqual({
      "3": {
        class_type: "KSampler",
        inputs: {
          ...{ seed: 685468484323813, steps: 20, cfg: 8, sampler_name: "euler", scheduler: "normal", denoise: 1 },
          ...{ model: ["4", 0], positive: ["6", 0], negative: ["7", 0], latent_image: ["5", 0] },
        },
      },
      "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "sd15.safetensors" } },
      "5": { class_type: "EmptyLatentImage", inputs: { width: 512, height: 768, batch_size: 1 } },
      "6": {
        class_type: "CLIPTextEncode",
        inputs: { text: "a lighthouse", clip: ["4", 1] },
        _meta: { title: "Positive" },
      },
      "7": { class_type: "CLIPTextEncode", inputs: { text: "text, watermark", clip: ["4", 1] } },
      "8": { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
      "9": { class_type: "SaveImage", inputs: { filename_prefix: "SD1.5", images: ["8", 0] } },
    });
  });

  it("goes through reroutes and bypassed nodes, takes values of primitives, and leaves muted nodes out", () => {
    const document = {
      nodes: [
        node(1, "LoadImage", [], ["a.png", "image"]),
        node(2, "Reroute", [slot("", "*", 1)]),
        node(3, "ImageInvert", [slot("mask", "MASK"), slot("image", "IMAGE", 2)], [], {
          ...{ mode: 4, outputs: [{ type: "IMAGE" }] },
        }),
        node(4, "PrimitiveNode", [], ["from a primitive", "fixed"]),
        node(5, "SaveImage", [slot("images", "IMAGE", 3), slot("filename_prefix", "STRING", 4, true)], ["own"]),
        node(6, "PreviewImage", [slot("images", "IMAGE", 5)], [], { mode: 2 }),
      ],
      links: [
        ...[link(1, 1, 0, 2, 0, "IMAGE"), link(2, 2, 0, 3, 1, "IMAGE"), link(3, 3, 0, 5, 0, "IMAGE")],
        ...[link(4, 4, 0, 5, 1, "STRING"), link(5, 1, 0, 6, 0, "IMAGE")],
      ],
    };
    expect(prompt(document)).toEqual({
      "1": { class_type: "LoadImage", inputs: { image: "a.png" } },
      "5": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "from a primitive" } },
    });
  });

  it("follows links by name, passes over links that are gone, and reads the original's files", () => {
    const document = {
      nodes: [
        { id: 1, class_type: "ApiInput", widgets_values: ["prompt", "string", true] },
        node(2, "LoadImage", [], ["a.png", "image"], { title: null, mode: null }),
        node(3, "SetNode", [slot("IMAGE", "IMAGE", 1)], ["picture"]),
        node(4, "GetNode", [], ["picture"]),
        node(5, "SaveImage", [slot("images", "IMAGE", 2)], ["x"]),
      ],
      links: [link(1, 2, 0, 3, 0, "IMAGE"), null, link(2, 4, 0, 5, 0, "IMAGE")],
    };
    expect(prompt(document)).toEqual({
      "1": { class_type: "ApiInput", inputs: { name: "prompt", type: "string", required: true } },
      "2": { class_type: "LoadImage", inputs: { image: "a.png" } },
      "5": { class_type: "SaveImage", inputs: { filename_prefix: "x", images: ["2", 0] } },
    });
  });

  it("puts the nodes of subgraphs in their places, with the values that the subgraph shows", () => {
    const inner = (id: number, origin_id: number, origin_slot: number, target_id: number, target_slot: number) => ({
      ...{ id, origin_id, origin_slot, target_id, target_slot, type: "X" },
    });
    const document = {
      nodes: [
        node(1, "CheckpointLoaderSimple", [], ["x.safetensors"]),
        node(57, "uuid-1", [slot("text", "STRING", null, true), slot("clip", "CLIP", 10)], ["from outside", null], {
          properties: {
            proxyWidgets: [
              ["-1", "text"],
              ["3", "seed"],
            ],
          },
        }),
        node(9, "SaveImage", [slot("images", "IMAGE", 11)], ["x"]),
      ],
      links: [link(10, 1, 1, 57, 1, "CLIP"), link(11, 57, 0, 9, 0, "IMAGE")],
      definitions: {
        subgraphs: [
          {
            id: "uuid-1",
            inputs: [{ name: "width" }, { name: "text" }, { name: "clip" }],
            nodes: [
              node(3, "EmptyImage", [slot("width", "INT", 1, true)], [256, 512, 1, 0]),
              node(4, "CLIPTextEncode", [slot("clip", "CLIP", 3), slot("text", "STRING", 2, true)], ["inside"]),
            ],
            links: [inner(1, -10, 0, 3, 0), inner(2, -10, 1, 4, 1), inner(3, -10, 2, 4, 0), inner(4, 3, 0, -20, 0)],
          },
        ],
      },
    };
    expect(prompt(document)).toEqual({
      "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "x.safetensors" } },
      "57:3": { class_type: "EmptyImage", inputs: { width: 256, height: 512, batch_size: 1, color: 0 } },
      "57:4": { class_type: "CLIPTextEncode", inputs: { text: "from outside", clip: ["1", 1] } },
      "9": { class_type: "SaveImage", inputs: { filename_prefix: "x", images: ["57:3", 0] } },
    });
  });

  it("takes names of values from the node itself, from a ComfyUI, and tells whose it does not know", () => {
    const foreign = (inputs: Slot[], widgets: unknown) => ({ nodes: [node(1, "Foreign", inputs, widgets)] });
    const own = [slot("strength", "FLOAT", null, true), slot("mode", "COMBO", null, true)];
    expect(prompt(foreign(own, [0.5, "soft"]))["1"]?.inputs).toEqual({ strength: 0.5, mode: "soft" });
    expect(prompt(foreign([], { frame_rate: 8 }))["1"]?.inputs).toEqual({ frame_rate: 8 });
    expect(prompt(foreign(own.slice(0, 1), [["a", "b"]]))["1"]?.inputs).toEqual({
      strength: { __value__: ["a", "b"] },
    });
    const required = { image: ["IMAGE"], strength: ["FLOAT", {}], seen: ["INT", { forceInput: true }] };
    const input = { required, optional: { mode: ["*", { widgetType: "STRING" }] } };
    const info = readObjectInfo({ Foreign: { input } }, "info");
    expect(prompt(foreign([], [0.5, "soft"]), info)["1"]?.inputs).toEqual({ strength: 0.5, mode: "soft" });
    const refusal =
      'w.json holds values of Foreign (node 1), but not what they are called; save it with "Export (API)", or name a ComfyUI';
    expect(() => prompt(foreign([], [0.5, "soft"]))).toThrow(refusal);
    // Of two values an older editor names the one that was made an input, and not whether it is the first.
    expect(() => prompt(foreign(own.slice(1), [0.5, "soft"]))).toThrow(refusal);
  });
});
