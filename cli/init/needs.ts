import { checkArtifacts, type ModelReference, modelReferences } from "../../contract/models/check.ts";
import type { Prompt } from "../../contract/workflow.ts";
import { knownModels, knownPacks } from "./known-sources.ts";
import type { UiNode } from "./ui-format.ts";

export interface NeededModel {
  /** As the workflow names it. */
  filename: string;
  /** Folder below ComfyUI's models. */
  folder: string;
  /** null when it is not known. */
  source_url: string | null;
}

export interface NeededPack {
  /** null when it is not known. */
  source_url: string | null;
  /** A commit where the workflow tells it. */
  ref: string | null;
  /** Node classes that it is needed for. */
  provides: string[];
}

export interface Needs {
  models: NeededModel[];
  packs: NeededPack[];
}

/**
 * What a workflow needs beside ComfyUI, and where that is from as far as it is known.
 * @param nodes of the file, when it is the editor's: they say more
 */
export function needsOf(prompt: Prompt, nodes: readonly UiNode[]): Needs {
  const told = nodes.flatMap(({ properties }) => properties.models ?? []);
  const models = modelReferences(prompt).map((reference) => neededModel(reference, told));
  const foreign = checkArtifacts([], prompt).warnings.flatMap(({ code, class_type }) =>
    code === "node_provider_not_declared" && typeof class_type === "string" ? [class_type] : [],
  );
  return {
    models: [...new Map(models.map((model) => [model.filename, model])).values()],
    packs: packsOf(foreign, nodes),
  };
}

type ToldModel = NonNullable<UiNode["properties"]["models"]>[number];

function neededModel(reference: ModelReference, told: readonly ToldModel[]): NeededModel {
  const { filename, class_type: loader, input_name: input } = reference;
  const name = filename.replaceAll("\\", "/").split("/").at(-1) ?? filename;
  const own = told.find((model) => model.name === filename || model.name === name);
  const url = own?.url ?? knownModels[name];
  return {
    filename,
    folder: own?.directory ?? folders.find(([pattern]) => pattern.test(`${loader}.${input}`))?.[1] ?? "checkpoints",
    source_url: url === undefined ? null : url.replace(/\?download=true$/, ""),
  };
}

/** Where a loader looks, by its class and the input that names the file. */
const folders: readonly (readonly [loader: RegExp, folder: string])[] = [
  [/clip_?vision/i, "clip_vision"],
  [/lora/i, "loras"],
  [/control_?net/i, "controlnet"],
  [/upscale/i, "upscale_models"],
  [/style_?model/i, "style_models"],
  [/vae/i, "vae"],
  [/ckpt|checkpoint/i, "checkpoints"],
  [/clip|text_?encoder|t5/i, "text_encoders"],
  [/unet|diffusion|model/i, "diffusion_models"],
];

function packsOf(classes: readonly string[], nodes: readonly UiNode[]): NeededPack[] {
  const packs = new Map<string, NeededPack>();
  for (const type of classes) {
    const { aux_id: place, ver = "" } = nodes.find((node) => node.type === type)?.properties ?? {};
    const url =
      place !== undefined && /^[\w.-]+\/[\w.-]+$/.test(place)
        ? `https://github.com/${place}.git`
        : (knownPacks.find(([pattern]) => pattern.test(type))?.[1] ?? null);
    const ref = place !== undefined && /^[0-9a-f]{40}$/.test(ver) ? ver : null;
    const known = packs.get(url ?? type);
    if (known === undefined) packs.set(url ?? type, { source_url: url, ref, provides: [type] });
    else known.provides.push(type);
  }
  return [...packs.values()];
}
