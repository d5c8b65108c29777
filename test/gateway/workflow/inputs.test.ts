import { describe, expect, it } from "vitest";
import { workflowContractSchema } from "../../../contract/workflow-contract.ts";
import { buildPrompt, fileIds } from "../../../gateway/workflow/inputs.ts";
import type { Workflow } from "../../../gateway/workflow/load.ts";

function workflow(inputs: unknown[], prompt: Workflow["prompt"]): Workflow {
  const document = {
    contract_id: "c",
    version: "v1",
    inputs,
    outputs: [{ name: "picture", type: "image/png", node_id: "9" }],
  };
  return { prompt, contract: workflowContractSchema.parse(document) };
}
const input = (name: string, type: string, more: object = {}) => ({
  name,
  type,
  required: false,
  node_id: "1",
  ...more,
});
const apiInput = (value: unknown = "") => ({ class_type: "ApiInput", inputs: { name: "x", type: "string", value } });

describe("a job's prompt", () => {
  it("holds the caller's values in the fields the contract means", () => {
    const template = {
      "1": apiInput(),
      "2": { class_type: "KSampler", inputs: { seed: 1, steps: 20, model: ["4", 0] } },
      "3": { class_type: "Text", inputs: { text: "old" } },
    };
    const inputs = [
      input("prompt", "string"),
      input("seed", "integer", { node_id: "2" }),
      input("count", "integer", { node_id: "2", field: "steps" }),
      input("words", "string", { node_id: "3" }),
    ];
    const values = { prompt: "a lighthouse", seed: 7, count: 30, words: "new" };
    expect(buildPrompt(workflow(inputs, template), "j1", values, new Map())).toEqual({
      "1": { class_type: "ApiInput", inputs: { name: "x", type: "string", value: "a lighthouse" } },
      "2": { class_type: "KSampler", inputs: { seed: 7, steps: 30, model: ["4", 0] } },
      "3": { class_type: "Text", inputs: { text: "new" } },
    });
  });

  it("leaves the template as it was, and what no value was given for", () => {
    const template = { "1": apiInput("kept") };
    const built = buildPrompt(workflow([input("prompt", "string")], template), "j1", {}, new Map());
    expect(built).toEqual({ "1": apiInput("kept") });
    expect(built["1"]).not.toBe(template["1"]);
    buildPrompt(workflow([input("prompt", "string")], template), "j1", { prompt: "x" }, new Map());
    expect(template).toEqual({ "1": apiInput("kept") });
  });

  it.each([
    ["array", ["8", 0], '["8",0]'],
    ["object", { __value__: ["8", 0] }, '{"__value__":["8",0]}'],
  ])("carries an %s as text, which ComfyUI cannot take for a link", (type, value, text) => {
    const built = buildPrompt(workflow([input("data", type)], { "1": apiInput() }), "j1", { data: value }, new Map());
    expect(built["1"]?.inputs).toEqual({ name: "x", type, value: text });
  });

  it("tells ApiInput the contract's type, so that it gives a number where text was put in", () => {
    const built = buildPrompt(workflow([input("n", "integer")], { "1": apiInput() }), "j1", { n: 5 }, new Map());
    expect(built["1"]?.inputs).toEqual({ name: "x", type: "integer", value: 5 });
  });

  it("holds what stands for a file where a file id was given", () => {
    const id = `fid_${"0".repeat(32)}`;
    const load = workflow([input("photo", "image/png")], { "1": apiInput() });
    expect(fileIds(load.contract.inputs, { photo: id })).toEqual([{ input: "photo", id }]);
    const built = buildPrompt(load, "j1", { photo: id }, new Map([["photo", "/cache/files/a.png"]]));
    expect(built["1"]?.inputs["value"]).toBe("/cache/files/a.png");
  });

  it("puts the job's id before every output name, so that no job gets another's file", () => {
    const template = {
      "5": { class_type: "SaveImage", inputs: { images: ["4", 0], filename_prefix: "ComfyUI" } },
      "6": { class_type: "SaveImage", inputs: { images: ["4", 0], filename_prefix: ["7", 0] } },
      "8": { class_type: "ApiOutput", inputs: { name: "other", type: "string", value: ["4", 0] } },
      "9": { class_type: "ApiOutput", inputs: { name: "x", type: "image/png", image: ["4", 0], filename_prefix: "" } },
    };
    const built = buildPrompt(workflow([input("unused", "string")], template), "j1", {}, new Map());
    expect(Object.values(built).map((node) => node.inputs["filename_prefix"])).toEqual([
      ...["j1/ComfyUI", ["7", 0], "j1/8", "j1/picture"],
    ]);
  });
});
