import { z } from "zod";

/** A path below a folder that is fixed elsewhere: it may not lead out of it. */
const containedPath = z
  .string()
  .trim()
  .refine((path) => !path.startsWith("/") && !path.includes("\\") && !path.split("/").includes(".."), {
    error: 'give a relative path without ".."',
  })
  .refine((path) => !/\p{Cc}/u.test(path), "give a path without control characters")
  .transform((path) =>
    path
      .split("/")
      .filter((part) => part !== "" && part !== ".")
      .join("/"),
  );

const optionalText = z
  .string()
  .trim()
  .nullish()
  .transform((value) => (value === "" ? undefined : (value ?? undefined)));

const provides = z
  .array(z.string())
  .nullish()
  .transform((classes) => (classes ?? []).map((name) => name.trim()).filter((name) => name !== ""));

const kind = z.preprocess(
  (value) => (value === undefined || (typeof value === "string" && value.trim() === "") ? "model" : value),
  z.enum(["model", "custom_node"]),
);

const artifactSchema = z
  .object({
    kind: kind.describe("`model` unless set"),
    source_url: z
      .string()
      .trim()
      .min(1, "give the URL to download from")
      .describe("Address of a model's file, or of a pack's git repository"),
    match: z.string().trim().default("").describe("Model file name as the workflow's loader names it"),
    target_subdir: containedPath
      .refine((path) => !path.startsWith("."), "give a folder that does not begin with a dot")
      .default("")
      .describe("Folder below ComfyUI's models"),
    target_path: containedPath.default("").describe("File below target_subdir; for a custom node its folder name"),
    sha256: z
      .string()
      .trim()
      .toLowerCase()
      .regex(/^[0-9a-f]{64}$/, "give the 64 hex digits of a SHA-256")
      .optional()
      .describe("What a model's bytes must hash to, in hex; whatever the hub says when not set"),
    size_bytes: z
      .int("a whole number of bytes")
      .min(1, "it must be at least 1 byte")
      .optional()
      .describe("Exact size of a model"),
    ref: optionalText.describe("Git ref of a custom node; a full commit needs no look-up"),
    provides: provides.describe("Node classes that the repository brings"),
  })
  .superRefine((artifact, context) => {
    if (artifact.kind !== "model") return;
    for (const field of ["match", "target_subdir", "target_path"] as const) {
      if (artifact[field] === "") {
        context.addIssue({
          code: "custom",
          path: [field],
          input: artifact[field],
          message: "a model artifact needs it",
        });
      }
    }
  });

export type Artifact = z.output<typeof artifactSchema>;

/** What a pod fetches before ComfyUI starts: models and node packs. Each model has a place of its own. */
export const artifactsSchema = z
  .array(artifactSchema)
  .superRefine((artifacts, context) => {
    for (const [at, artifact] of artifacts.entries()) {
      const message = placeProblem(artifact, artifacts.slice(0, at));
      if (message === undefined) continue;
      context.addIssue({ code: "custom", path: [at, "target_path"], input: artifact.target_path, message });
    }
  })
  .nullish()
  .transform((artifacts) => artifacts ?? []);

function placeProblem(artifact: Artifact, before: readonly Artifact[]): string | undefined {
  if (artifact.kind !== "model") return undefined;
  const target = targetOf(artifact);
  for (const other of before.filter(({ kind }) => kind === "model")) {
    const place = targetOf(other);
    if (place === target && (other.source_url !== artifact.source_url || other.sha256 !== artifact.sha256)) {
      return `another artifact brings another file to "${target}"; give this one a place of its own`;
    }
    if (place.startsWith(`${target}/`) || target.startsWith(`${place}/`)) {
      return `"${place}" is a file of another artifact: one cannot be the folder of the other; choose another place`;
    }
  }
  return undefined;
}

/** Where a model lies below the models folder: `checkpoints/flux.safetensors`. */
export const targetOf = ({ target_subdir, target_path }: Pick<Artifact, "target_subdir" | "target_path">): string =>
  `${target_subdir}/${target_path}`;
