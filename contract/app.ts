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
  /** Title of the API in its documentation. */
  name: text("give the endpoint a name"),
  /** Only `async` has a meaning: a run is queued and its job is polled. */
  mode: text('give "async"'),
  auth_mode: z.literal("api_key"),
  /** Longest run time of one job, in seconds. */
  timeout_seconds: wholeNumber(1, "seconds"),
  /** Largest body of `POST /run`, in MB. */
  max_payload_mb: wholeNumber(1, "MB"),
  /** Largest uploaded file, in MB. */
  max_upload_mb: wholeNumber(1, "MB").default(2048),
  /** Minutes without use after which the pod stops itself; it never does when not set. */
  idle_stop_minutes: optionalWhole("minutes"),
  /** Inputs of a run that each boot makes before it takes others, so that models are in the GPU's memory by then. */
  warm_up: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((inputs) => inputs ?? undefined),
});

const cachePolicySchema = z.object({
  /** Folders whose large files are moved to the volume, so that a restart finds them again. */
  watch_paths: z.array(text("give a folder").refine((path) => !path.includes(","), "give a folder without commas")),
  /** Files below this size, in MB, stay where they are. */
  min_file_size_mb: wholeNumber(0, "MB").default(100),
  /**
   * Folders that are links to the volume, besides ComfyUI's own model folders: a name below ComfyUI's models (`ultralytics`),
   * or an absolute path.
   */
  symlink_targets: z.array(linkedFolder).default([]),
});

const pluginSchema = z.object({
  /** Git URL of a ComfyUI node pack, or of ComfyUI itself. */
  repo: text("give a git URL"),
  /** Commit, tag or branch; only a full commit builds the same image twice. */
  ref: text("give a full commit"),
});

const buildSchema = z.object({
  comfy_version: text("give the ComfyUI version, such as 0.3.26"),
  plugins: z.array(pluginSchema),
  /** A golden image that exists already: nothing is built. */
  image_ref: optionalText,
  image_repository: optionalText,
  base_image_repository: optionalText,
  /** Id of a registry credential at RunPod. */
  container_registry_auth_id: optionalText,
  dockerfile_path: optionalText,
  base_dockerfile_path: optionalText,
  build_context: optionalText,
  base_build_context: optionalText,
});

const computePolicySchema = z.object({
  /** Least VRAM of one GPU, in GB. */
  min_vram_gb: optionalWhole("GB"),
  /** Least memory of the pod for each GPU, in GB. */
  min_ram_per_gpu_gb: optionalWhole("GB"),
  gpu_count: wholeNumber(1, "GPUs").default(1),
  /** Most that the whole pod may cost, in USD per hour. */
  max_price_per_hour: z
    .number()
    .positive("give a price above 0 USD")
    .nullish()
    .transform((value) => value ?? undefined),
});

const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "give a name of letters, digits and _");

/** `app.json`: one app, its workflow and what it needs to run. */
export const appSchema = z.object({
  /** Names the app's stack and pods. */
  app_id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, {
    error: "use letters, digits, _ and -, beginning with a letter or digit, at most 40 long",
  }),
  version: text("give a version such as v1"),
  /** The workflow's JSON file, relative to app.json. */
  workflow_path: text("give the path of the workflow's JSON file"),
  provider: z.enum(["runpod", "vast", "lambda", "aws", "gcp"]),
  gpu_profile: optionalText,
  /** US, EU, APAC (all data centres of that region) or data centres by name. */
  regions: z
    .array(text("give a region such as US, or a data centre such as US-KS-2"))
    .min(1, "name at least one region"),
  /** Environment of the pod. */
  env: z.record(envName, z.union([z.string(), z.number(), z.boolean()]).transform(String)),
  endpoint: endpointSchema,
  cache_policy: cachePolicySchema,
  build: buildSchema,
  compute_policy: computePolicySchema.nullish().transform((policy) => policy ?? computePolicySchema.parse({})),
  artifacts: artifactsSchema,
  /** GPU labels in order of preference; only these are used. */
  preferred_gpu_types: z
    .array(text("give a GPU such as RTX 4090"))
    .nullish()
    .transform((labels) => labels ?? []),
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
