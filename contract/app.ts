import { z } from "zod";
import { artifactsSchema } from "./models/artifact.ts";
import { linkedFolder } from "./models/folders.ts";

const text = (remedy: string) => z.string().trim().min(1, remedy);

// Kept from the original: whole numbers may be written as text ("300").
const wholeNumber = (least: number, unit: string) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^-?\d+$/.test(value.trim()) ? Number(value) : value),
    z.int(`a whole number of ${unit}`).min(least, `it must be at least ${least} ${unit}`),
  );

const optionalText = z
  .string()
  .trim()
  .nullish()
  .transform((value) => (value === "" ? undefined : (value ?? undefined)));

const optionalWhole = (unit: string) =>
  wholeNumber(1, unit)
    .nullish()
    .transform((value) => value ?? undefined);

const endpointSchema = z.object({
  name: text("give the endpoint a name").describe("Title of the API in its documentation"),
  mode: text('give "async"').describe("Only `async` has a meaning: a run is queued and its job is polled"),
  auth_mode: z.literal("api_key").describe("Callers send a key in the header `x-api-key`"),
  timeout_seconds: wholeNumber(1, "seconds").describe("Longest run time of one job, in seconds"),
  max_payload_mb: wholeNumber(1, "MB").describe("Largest body of `POST /run`, in MB"),
  max_upload_mb: wholeNumber(1, "MB").default(2048).describe("Largest uploaded file, in MB"),
  idle_stop_minutes: optionalWhole("minutes").describe(
    "Minutes without use after which the pod stops itself; it never does when not set",
  ),
  warm_up: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((inputs) => inputs ?? undefined)
    .describe(
      "Inputs of a run that each boot makes before it takes others, so that models are in the GPU's memory by then",
    ),
});

const cachePolicySchema = z.object({
  watch_paths: z
    .array(text("give a folder").refine((path) => !path.includes(","), "give a folder without commas"))
    .describe("Folders whose large files are moved to the volume, so that a restart finds them again"),
  min_file_size_mb: wholeNumber(0, "MB").default(100).describe("Files below this size, in MB, stay where they are"),
  symlink_targets: z
    .array(linkedFolder)
    .default([])
    .describe(
      "Folders that are links to the volume, besides ComfyUI's own model folders: a name below ComfyUI's models (`ultralytics`), or an absolute path",
    ),
});

const pluginSchema = z.object({
  repo: text("give a git URL").describe("Git URL of a ComfyUI node pack, or of ComfyUI itself"),
  ref: text("give a full commit").describe("Commit, tag or branch; only a full commit needs no look-up"),
});

const buildSchema = z.object({
  comfy_version: text("give the ComfyUI version, such as 0.3.26").describe("Begins the images' tags"),
  plugins: z
    .array(pluginSchema)
    .describe("What is installed when the image is built: ComfyUI itself, and packs of nodes"),
  image_ref: optionalText.describe("A golden image that exists already: nothing is built"),
  image_repository: optionalText.describe("Repository of the golden image, such as `ghcr.io/me/golden`"),
  base_image_repository: optionalText.describe("Repository of the image below it, with ComfyUI"),
  container_registry_auth_id: optionalText.describe("Id of a registry credential at RunPod, for a private image"),
  dockerfile_path: optionalText.describe("Dockerfile of the golden image, relative to the project; ours unless set"),
  base_dockerfile_path: optionalText.describe("Dockerfile of the image below it; ours unless set"),
  build_context: optionalText.describe("Folder that the golden image is built from; this package unless set"),
  base_build_context: optionalText.describe("Folder that the image below is built from; as `build_context` unless set"),
});

const computePolicySchema = z.object({
  min_vram_gb: optionalWhole("GB").describe("Least VRAM of one GPU, in GB"),
  min_ram_per_gpu_gb: optionalWhole("GB").describe("Least memory of the pod for each GPU, in GB"),
  gpu_count: wholeNumber(1, "GPUs").default(1).describe("GPUs of the pod"),
  max_price_per_hour: z
    .number()
    .positive("give a price above 0 USD")
    .nullish()
    .transform((value) => value ?? undefined)
    .describe("Most that the whole pod may cost, in USD per hour"),
});

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "give a name of letters, digits and _");

/** `app.json`: one app, its workflow and what it needs to run. */
export const appSchema = z.object({
  app_id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, {
      error: "use letters, digits, _ and -, beginning with a letter or digit, at most 40 long",
    })
    .describe("Names the app's stack and pods"),
  version: text("give a version such as v1").describe("The app's own version; part of the golden image's tag"),
  workflow_path: text("give the path of the workflow's JSON file").describe(
    "The workflow's JSON file, relative to app.json; its contract lies beside it",
  ),
  provider: z
    .enum(["runpod", "vast", "lambda", "aws", "gcp"])
    .describe("Who rents the GPU; only `runpod` can be deployed to"),
  gpu_profile: optionalText.describe("Chooses nothing, and is told so; use `compute_policy` or `preferred_gpu_types`"),
  regions: z
    .array(text("give a region such as US, or a data centre such as US-KS-2"))
    .min(1, "name at least one region")
    .describe("Where the pod may be: US, EU, APAC (all data centres of that region) or data centres by name"),
  env: z
    .record(envName, z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .describe("Environment of the pod"),
  endpoint: endpointSchema.describe("The API"),
  cache_policy: cachePolicySchema.describe("What is kept on the volume beside the declared models"),
  build: buildSchema.describe("The image that the pod runs"),
  compute_policy: computePolicySchema
    .nullish()
    .transform((policy) => policy ?? computePolicySchema.parse({}))
    .describe("What the pod must have, and may cost"),
  artifacts: artifactsSchema.describe("Models and packs of nodes that the pod fetches before ComfyUI starts"),
  preferred_gpu_types: z
    .array(text("give a GPU such as RTX 4090"))
    .nullish()
    .transform((labels) => labels ?? [])
    .describe("GPU labels in order of preference; only these are used"),
});

export type App = z.output<typeof appSchema>;

/** What the author should know although the app is valid. */
export function appWarnings(app: App): string[] {
  const warnings: string[] = [];
  if (app.gpu_profile !== undefined) {
    warnings.push(`"gpu_profile" (${app.gpu_profile}) chooses nothing; use "preferred_gpu_types" or "compute_policy"`);
  }
  if (app.endpoint.mode !== "async") {
    warnings.push(`"endpoint.mode" is "${app.endpoint.mode}"; endpoints are async whatever it says`);
  }
  return warnings;
}
