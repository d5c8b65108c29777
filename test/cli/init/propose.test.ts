import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { needsOf } from "../../../cli/init/needs.ts";
import { noObjectInfo, readObjectInfo } from "../../../cli/init/object-info.ts";
import { proposeContract } from "../../../cli/init/propose.ts";
import { checkContractMeetsWorkflow } from "../../../contract/deployable.ts";
import { parseDocument } from "../../../contract/parse.ts";
import { type Prompt, parseWorkflow } from "../../../contract/workflow.ts";
import { workflowContractSchema } from "../../../contract/workflow-contract.ts";

const prompt: Prompt = {
  "1": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "sd_xl_base_1.0.safetensors" } },
  "2": { class_type: "CLIPTextEncode", inputs: { text: "a lighthouse", clip: ["1", 1] } },
  "3": { class_type: "CLIPTextEncode", inputs: { text: "blurry", clip: ["1", 1] } },
  "4": { class_type: "EmptyLatentImage", inputs: { width: 1024, height: 768, batch_size: 1 } },
  "5": {
    class_type: "KSampler",
    inputs: {
      ...{ seed: 2 ** 60, steps: 20, cfg: 8, sampler_name: "euler", scheduler: "normal", denoise: 1 },
      ...{ model: ["1", 0], positive: ["2", 0], negative: ["3", 0], latent_image: ["4", 0] },
    },
  },
  "6": { class_type: "LoadImage", inputs: { image: "a.png" } },
  "7": { class_type: "LoadImage", inputs: { image: "b.png" } },
  "8": { class_type: "SaveImage", inputs: { images: ["5", 0], filename_prefix: "x" } },
};
const propose = (of: Prompt, info = noObjectInfo) => proposeContract(of, "c", info, "w.json");

describe("a proposed contract", () => {
  it("has prompts, seed, sizes, steps and files as inputs, and what is saved as outputs", () => {
    const contract = propose(prompt);
    expect(contract.inputs).toEqual([
      { name: "prompt", type: "string", required: true, node_id: "2", field: "text" },
      { name: "negative_prompt", type: "string", required: false, node_id: "3", field: "text", default: "blurry" },
      {
        name: "width",
        type: "integer",
        required: false,
        node_id: "4",
        field: "width",
        default: 1024,
        min: 1,
        max: 4096,
      },
      {
        name: "height",
        type: "integer",
        required: false,
        node_id: "4",
        field: "height",
        default: 768,
        min: 1,
        max: 4096,
      },
      // Larger seeds than JSON can carry begin anew.
      {
        name: "seed",
        type: "integer",
        required: false,
        node_id: "5",
        field: "seed",
        default: 0,
        min: 0,
        max: 2 ** 53 - 1,
      },
      { name: "steps", type: "integer", required: false, node_id: "5", field: "steps", default: 20, min: 1, max: 100 },
      { name: "image", type: "image/png", required: true, node_id: "6", field: "image" },
      { name: "image_2", type: "image/png", required: true, node_id: "7", field: "image" },
    ]);
    expect(contract.outputs).toEqual([{ name: "image", type: "image/png", node_id: "8" }]);
    checkContractMeetsWorkflow(parseDocument(workflowContractSchema, contract, "c"), prompt, "c");
  });

  it("takes bounds from a ComfyUI", () => {
    const input = { required: { width: ["INT", { default: 512, min: 16, max: 16384, step: 8 }] } };
    const info = readObjectInfo({ EmptyLatentImage: { input } }, "info");
    const [width] = propose(prompt, info).inputs.filter(({ name }) => name === "width");
    expect(width).toMatchObject({ default: 1024, min: 16, max: 4096, step: 8 });
  });

  it("is what ApiInput and ApiOutput nodes say, when there are some", () => {
    const flux = join(import.meta.dirname, "../../../apps/flux_text_to_image/workflow.json");
    expect(propose(parseWorkflow(JSON.parse(readFileSync(flux, "utf8")), flux))).toMatchObject({
      inputs: [{ name: "prompt", type: "string", required: true, node_id: "1" }],
      outputs: [{ name: "image", type: "image/png", node_id: "8" }],
    });
  });

  it("takes what is only shown when nothing is saved, and says when there is nothing at all", () => {
    const shown = { ...prompt, "8": { class_type: "PreviewImage", inputs: { images: ["5", 0] } } };
    expect(propose(shown).outputs).toEqual([{ name: "image", type: "image/png", node_id: "8" }]);
    const unsaved = Object.fromEntries(Object.entries(prompt).filter(([id]) => id !== "8"));
    expect(() => propose(unsaved)).toThrow("w.json saves nothing that could be an output");
    expect(() => propose({ "1": { class_type: "SaveImage", inputs: {} } })).toThrow("could be an input");
  });
});

describe("what a workflow needs", () => {
  it("is told with the sources that are known", () => {
    const more: Prompt = {
      ...prompt,
      "9": { class_type: "LoraLoader", inputs: { lora_name: "styles\\mine.safetensors", model: ["1", 0] } },
      "10": { class_type: "VHS_VideoCombine", inputs: { images: ["5", 0] } },
      "11": { class_type: "NobodysNode", inputs: {} },
    };
    expect(needsOf(more, [])).toEqual({
      models: [
        {
          ...{ filename: "sd_xl_base_1.0.safetensors", folder: "checkpoints" },
          source_url: expect.stringContaining("huggingface.co/stabilityai/") as string,
        },
        { filename: "styles\\mine.safetensors", folder: "loras", source_url: null },
      ],
      packs: [
        {
          ...{ source_url: "https://github.com/Kosinkadink/ComfyUI-VideoHelperSuite.git", ref: null },
          provides: ["VHS_VideoCombine"],
        },
        { source_url: null, ref: null, provides: ["NobodysNode"] },
      ],
    });
  });

  it("is told by the file itself before anything else", () => {
    const commit = "a".repeat(40);
    const model = { name: "sd_xl_base_1.0.safetensors", url: "https://example.com/x?download=true", directory: "vae" };
    const nodes = [
      { type: "CheckpointLoaderSimple", properties: { models: [model] } },
      { type: "NobodysNode", properties: { aux_id: "some/pack", ver: commit } },
    ].map((node, id) => ({ id, mode: 0, inputs: [], outputs: [], ...node }));
    const more: Prompt = { ...prompt, "11": { class_type: "NobodysNode", inputs: {} } };
    expect(needsOf(more, nodes)).toEqual({
      models: [{ filename: model.name, folder: "vae", source_url: "https://example.com/x" }],
      packs: [{ source_url: "https://github.com/some/pack.git", ref: commit, provides: ["NobodysNode"] }],
    });
  });
});
