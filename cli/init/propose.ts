import type { z } from "zod";
import { UserError } from "../../contract/errors.ts";
import { isClass, isLink, type Prompt, type PromptNode } from "../../contract/workflow.ts";
import type { workflowContractSchema } from "../../contract/workflow-contract.ts";
import type { ObjectInfo } from "./object-info.ts";

/** The contract as a file holds it. */
export type ContractDocument = z.input<typeof workflowContractSchema>;
type Input = ContractDocument["inputs"][number];
type Output = ContractDocument["outputs"][number];

/**
 * Proposes a contract. Nodes that say that they are inputs and outputs (ApiInput, ApiOutput) decide alone; else inputs are
 * prompts, seeds, sizes, steps and files, outputs what is saved.
 * @throws {UserError} when there is nothing that could be an input, or an output
 */
export function proposeContract(
  prompt: Prompt,
  contractId: string,
  info: ObjectInfo,
  subject: string,
): ContractDocument {
  const nodes = Object.entries(prompt);
  const declared = { inputs: nodes.flatMap(declaredInput), outputs: nodes.flatMap(declaredOutput) };
  const inputs = declared.inputs.length > 0 ? declared.inputs : proposedInputs(prompt, info);
  const outputs = declared.outputs.length > 0 ? declared.outputs : proposedOutputs(prompt);
  if (inputs.length === 0) {
    throw new UserError(`${subject} has no prompt, seed, size or file that could be an input; add an ApiInput node`);
  }
  if (outputs.length === 0) {
    throw new UserError(`${subject} saves nothing that could be an output; add a SaveImage or an ApiOutput node`);
  }
  return { contract_id: contractId, version: "v1", inputs: uniquelyNamed(inputs), outputs: uniquelyNamed(outputs) };
}

function declaredInput([node_id, node]: [string, PromptNode]): Input[] {
  if (!isClass(node, "ApiInput")) return [];
  const { name, type, required } = node.inputs;
  return [
    {
      name: text(name, "input"),
      type: text(type, "string"),
      required: required !== false && required !== "false",
      node_id,
    },
  ];
}

function declaredOutput([node_id, node]: [string, PromptNode]): Output[] {
  if (!isClass(node, "ApiOutput")) return [];
  return [{ name: text(node.inputs["name"], "output"), type: text(node.inputs["type"], "string"), node_id }];
}

const text = (value: unknown, otherwise: string): string =>
  typeof value === "string" && value.trim() !== "" ? value.trim() : otherwise;

function proposedInputs(prompt: Prompt, info: ObjectInfo): Input[] {
  const negative = upstreamOf(prompt, "negative");
  const positive = upstreamOf(prompt, "positive");
  return Object.entries(prompt).flatMap(([node_id, node]) =>
    Object.entries(node.inputs).flatMap(([field, value]): Input[] => {
      const at = { node_id, field };
      const bounds = info.bounds(node.class_type, field);
      const media = mediaFields[`${node.class_type}.${field}`];
      if (media !== undefined) return [{ name: media.split("/")[0] ?? "file", type: media, required: true, ...at }];
      if (typeof value === "string" && isPrompt(node.class_type, field)) {
        const isNegative = negative.has(node_id) && !positive.has(node_id);
        if (isNegative) return [{ name: "negative_prompt", type: "string", required: false, ...at, default: value }];
        return [{ name: "prompt", type: "string", required: true, ...at }];
      }
      if (typeof value !== "number") return [];
      if (field === "seed" || field === "noise_seed") return [seed(at, value)];
      const most = mostOf(node.class_type, field);
      if (most === undefined) return [];
      const { min = 1, max = most, step } = bounds;
      // The author's own value is always taken.
      const range = { min: Math.min(min, value), max: Math.max(Math.min(max, most), value) };
      const steps = step !== undefined && (value - range.min) % step === 0 ? { step } : {};
      return [{ name: field, type: "integer", required: false, ...at, default: value, ...range, ...steps }];
    }),
  );
}

/** Inputs of loaders that take a file's name, and what the file is. */
const mediaFields: Partial<Record<string, string>> = {
  "LoadImage.image": "image/png",
  "LoadImageMask.image": "image/png",
  "LoadVideo.file": "video/mp4",
  "LoadAudio.audio": "audio/wav",
  "VHS_LoadVideo.video": "video/mp4",
  "VHS_LoadAudioUpload.audio": "audio/wav",
};

const isPrompt = (type: string, field: string): boolean =>
  /TextEncode|Prompt/i.test(type) && /^(text|prompt|positive|negative|t5xxl|clip_l|clip_g|text_[gl])$/.test(field);

const seed = (at: { node_id: string; field: string }, value: number): Input => ({
  ...{ name: "seed", type: "integer", required: false, ...at },
  // Larger seeds are not whole in JSON.
  ...{ default: Number.isSafeInteger(value) ? value : 0, min: 0, max: Number.MAX_SAFE_INTEGER },
});

/** The most that callers may ask for; undefined for numbers that are not theirs. */
function mostOf(type: string, field: string): number | undefined {
  const makesSpace = /^Empty|ToVideo$|^PromptCard$/.test(type);
  if (makesSpace && (field === "width" || field === "height")) return 4096;
  if (makesSpace && field === "length") return 1025;
  return field === "steps" && /Sampler|Scheduler/.test(type) ? 100 : undefined;
}

/** Nodes from which an input of that name is fed, wherever it is. */
function upstreamOf(prompt: Prompt, input: string): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (!isLink(value) || found.has(value[0])) return;
    found.add(value[0]);
    for (const next of Object.values(prompt[value[0]]?.inputs ?? {})) visit(next);
  };
  for (const node of Object.values(prompt)) visit(node.inputs[input]);
  return found;
}

/** Nodes that save something: what it is, and what the output is called. */
const savers: Partial<Record<string, readonly [name: string, type: string]>> = {
  SaveImage: ["image", "image/png"],
  SaveAnimatedPNG: ["image", "image/png"],
  SaveAnimatedWEBP: ["image", "image/webp"],
  SaveVideo: ["video", "video/mp4"],
  SaveWEBM: ["video", "video/webm"],
  VHS_VideoCombine: ["video", "video/mp4"],
  SaveAudio: ["audio", "audio/flac"],
  SaveAudioMP3: ["audio", "audio/mpeg"],
  SaveAudioOpus: ["audio", "audio/ogg"],
  SaveGLB: ["model", "file/glb"],
};

/** Nodes that only show something: outputs when nothing is saved. */
const viewers: typeof savers = {
  PreviewImage: ["image", "image/png"],
  PreviewAudio: ["audio", "audio/flac"],
  PreviewAny: ["text", "string"],
};

function proposedOutputs(prompt: Prompt): Output[] {
  const of = (kinds: typeof savers): Output[] =>
    Object.entries(prompt).flatMap(([node_id, { class_type }]) => {
      const kind = kinds[class_type];
      return kind === undefined ? [] : [{ name: kind[0], type: kind[1], node_id }];
    });
  const saved = of(savers);
  return saved.length > 0 ? saved : of(viewers);
}

/** The second one of a name is called `name_2`. */
function uniquelyNamed<T extends { name: string }>(items: readonly T[]): T[] {
  const taken = new Set<string>();
  return items.map((item) => {
    let name = item.name;
    for (let number = 2; taken.has(name); number++) name = `${item.name}_${number}`;
    taken.add(name);
    return { ...item, name };
  });
}
