import { movingPacks, type NodePack, nodePacks } from "../nodes/packs.ts";
import type { Prompt } from "../workflow.ts";
import { type Artifact, targetOf } from "./artifact.ts";
import { coreNodes } from "./core-nodes.ts";
import { modelFolders } from "./folders.ts";

/** A model file that a node of the workflow names. */
export interface ModelReference {
  node_id: string;
  class_type: string;
  input_name: string;
  filename: string;
}

/** Codes are the original's where it had one. */
export interface ArtifactFinding {
  code:
    | "no_artifacts_defined"
    | "required_model_not_declared"
    | "artifact_source_unreachable"
    | "node_provider_not_declared"
    | "unknown_target_subdir"
    | "custom_node_not_pinned";
  message: string;
  [field: string]: unknown;
}

export interface MatchedModel {
  class_type: string;
  input_name: string;
  requested_filename: string;
  artifact_match: string;
  target_subdir: string;
  target_path: string;
  source_url: string;
}

export interface ArtifactsCheck {
  errors: ArtifactFinding[];
  warnings: ArtifactFinding[];
  matched_models: MatchedModel[];
}

const modelFile = /\.(safetensors|sft|ckpt|pt|pth|bin|gguf|onnx|engine)$/i;

/** What the project's own nodes are called. */
const ownNodes = new Set([
  ...["ApiInput", "ApiOutput", "PathToTensor", "PathToImageTensor", "PathToVideoTensor"],
  ...["ImageTensorToPath", "VideoTensorToPath", "PromptCard"],
]);

/** Every model file that the workflow names, whatever the node and the input are called. */
export function modelReferences(prompt: Prompt): ModelReference[] {
  return Object.entries(prompt).flatMap(([node_id, { class_type, inputs }]) =>
    ownNodes.has(class_type)
      ? []
      : Object.entries(inputs).flatMap(([input_name, value]) =>
          typeof value === "string" && modelFile.test(value.trim())
            ? [{ node_id, class_type, input_name, filename: value.trim() }]
            : [],
        ),
  );
}

/** Whether an app's artifacts bring what its workflow needs, as far as the files themselves tell. */
export function checkArtifacts(artifacts: readonly Artifact[], prompt: Prompt): ArtifactsCheck {
  const references = modelReferences(prompt);
  const models = artifacts.filter(({ kind }) => kind === "model");
  const matches = references.map((reference) => ({ reference, artifact: models.find(brings(reference.filename)) }));
  const missing = matches.filter(({ artifact }) => artifact === undefined).map(({ reference }) => reference);
  const errors = artifacts.length === 0 && missing.length > 0 ? [noArtifacts(missing)] : missing.map(notDeclared);
  return {
    errors,
    warnings: [
      ...missingProviders(artifacts, prompt),
      ...models.flatMap(unknownFolder),
      ...movingPacks(nodePacks(artifacts, "the artifacts")).map(notPinned),
    ],
    matched_models: matches.flatMap(({ reference, artifact }) =>
      artifact === undefined ? [] : [matchedModel(reference, artifact)],
    ),
  };
}

/** A loader names a file by its path, or by its last part alone. */
const namesOf = (path: string): string[] => {
  const whole = path.replaceAll("\\", "/");
  return [whole, whole.split("/").at(-1) ?? whole];
};

const brings =
  (filename: string) =>
  ({ match, target_path }: Artifact): boolean => {
    const own = [...namesOf(match), ...namesOf(target_path)];
    return namesOf(filename).some((name) => own.includes(name));
  };

const noArtifacts = (missing: readonly ModelReference[]): ArtifactFinding => ({
  code: "no_artifacts_defined",
  message: `"artifacts" is empty, and the workflow loads ${missing.map(({ filename }) => filename).join(", ")}; declare a source for each`,
  models: missing.map(({ filename }) => filename),
});

const notDeclared = (reference: ModelReference): ArtifactFinding => ({
  code: "required_model_not_declared",
  message: `no artifact brings "${reference.filename}", which node ${reference.node_id} (${reference.class_type}.${reference.input_name}) loads; declare its source`,
  ...reference,
});

const matchedModel = ({ class_type, input_name, filename }: ModelReference, artifact: Artifact): MatchedModel => ({
  ...{ class_type, input_name, requested_filename: filename, artifact_match: artifact.match },
  ...{ target_subdir: artifact.target_subdir, target_path: artifact.target_path, source_url: artifact.source_url },
});

function missingProviders(artifacts: readonly Artifact[], prompt: Prompt): ArtifactFinding[] {
  const provided = new Set(artifacts.flatMap(({ provides }) => provides));
  const classes = new Set(Object.values(prompt).map(({ class_type }) => class_type));
  return [...classes]
    .filter((name) => !coreNodes.has(name) && !ownNodes.has(name) && !provided.has(name))
    .map((class_type) => ({
      code: "node_provider_not_declared",
      message: `"${class_type}" is no node of ComfyUI's, and no artifact says that it provides it; name it in "provides" unless the image has it`,
      class_type,
    }));
}

const unknownFolder = (artifact: Artifact): ArtifactFinding[] =>
  modelFolders.includes(artifact.target_subdir.split("/")[0] ?? "")
    ? []
    : [
        {
          code: "unknown_target_subdir",
          message: `"${targetOf(artifact)}" lies in no folder that ComfyUI itself looks into (${modelFolders.join(", ")}); a node pack may`,
          target_subdir: artifact.target_subdir,
        },
      ];

const notPinned = ({ repo, ref }: NodePack): ArtifactFinding => ({
  code: "custom_node_not_pinned",
  message: `${repo} is taken at "${ref}", which may change; give a full commit as "ref"`,
  source_url: repo,
});
