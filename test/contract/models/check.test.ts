import { describe, expect, it } from "vitest";
import { artifactsSchema } from "../../../contract/models/artifact.ts";
import { checkArtifacts } from "../../../contract/models/check.ts";
import type { Prompt } from "../../../contract/workflow.ts";

const vae = {
  source_url: "https://x/vae",
  match: "wan/vae.safetensors",
  target_subdir: "vae",
  target_path: "w/v.safetensors",
};
const check = (prompt: Prompt, ...artifacts: object[]) => checkArtifacts(artifactsSchema.parse(artifacts), prompt);
const loader = (filename: string, class_type = "VAELoader"): Prompt => ({
  "7": { class_type, inputs: { any_name: filename } },
});

describe("checking artifacts against a workflow", () => {
  it.each([
    "wan/vae.safetensors",
    "wan\\vae.safetensors",
    "vae.safetensors",
    "elsewhere/vae.safetensors",
    "w/v.safetensors",
    "v.safetensors",
  ])("finds the artifact that brings %s", (filename) => {
    const { errors, matched_models } = check(loader(filename), vae);
    expect(errors).toEqual([]);
    expect(matched_models).toEqual([
      {
        ...{ class_type: "VAELoader", input_name: "any_name", requested_filename: filename },
        ...{
          artifact_match: vae.match,
          target_subdir: "vae",
          target_path: vae.target_path,
          source_url: vae.source_url,
        },
      },
    ]);
  });

  it("names the model that no artifact brings, also of loaders that nobody knows", () => {
    expect(check(loader("other.gguf", "SomebodysLoader"), vae).errors).toEqual([
      {
        code: "required_model_not_declared",
        message: 'no artifact brings "other.gguf", which node 7 (SomebodysLoader.any_name) loads; declare its source',
        ...{ node_id: "7", class_type: "SomebodysLoader", input_name: "any_name", filename: "other.gguf" },
      },
    ]);
  });

  it("takes no custom node for a model's source", () => {
    const pack = { kind: "custom_node", source_url: "https://x/p", ref: "a".repeat(40), match: "other.gguf" };
    expect(check(loader("other.gguf"), pack).errors).toMatchObject([{ code: "required_model_not_declared" }]);
  });

  it("says so where there are none at all, and keeps its warnings", () => {
    const { errors, warnings } = check(loader("a.ckpt", "Unknown"));
    expect(errors).toMatchObject([{ code: "no_artifacts_defined", models: ["a.ckpt"] }]);
    expect(warnings).toMatchObject([{ code: "node_provider_not_declared", class_type: "Unknown" }]);
    expect(check({ "1": { class_type: "KSampler", inputs: { sampler_name: "euler" } } }).errors).toEqual([]);
  });

  it("does not wonder about nodes of ComfyUI, of ours, and of packs that say so", () => {
    const classes = ["KSampler", "SamplerCustomAdvanced", "PathToTensor", "ImageTensorToPath", "ApiInput", "WanLoader"];
    const prompt = Object.fromEntries(classes.map((class_type, at) => [String(at), { class_type, inputs: {} }]));
    const pack = { kind: "custom_node", source_url: "https://x/p", ref: "a".repeat(40), provides: ["WanLoader"] };
    expect(check(prompt, pack)).toEqual({ errors: [], warnings: [], matched_models: [] });
  });

  it("warns of a folder that ComfyUI does not look into, and of a pack that may change", () => {
    const { errors, warnings } = check(
      loader("x.pt"),
      { ...vae, match: "x.pt", target_subdir: "ultralytics/bbox" },
      { kind: "custom_node", source_url: "https://x/p", ref: "main" },
    );
    expect(errors).toEqual([]);
    expect(warnings.map(({ code }) => code)).toEqual(["unknown_target_subdir", "custom_node_not_pinned"]);
  });
});
