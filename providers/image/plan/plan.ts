import { existsSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import type { App } from "../../../contract/app.ts";
import { documentError, type Problem, UserError } from "../../../contract/errors.ts";
import { contextFiles, sha256OfFile } from "../context/context-files.ts";
import { readIgnoreFile } from "../context/ignore-file.ts";
import { resolveCommit } from "../git.ts";
import { type BuildInputs, fingerprint } from "./fingerprint.ts";
import { dockerfiles, type ImageKind, imageFiles } from "./image-files.ts";
import { namingProblems, repositoriesOf } from "./naming.ts";
import { type PlacedPlugin, readPlugins } from "./plugins.ts";

/** The package that this file is in: a checkout, or what npm installed. */
const packageFolder = join(import.meta.dirname, "../../..");

/** An image, and what it is built from. */
export interface PlannedImage extends BuildInputs {
  /** `repository:tag`; the tag tells the image's content. */
  imageRef: string;
  /** Absolute path. */
  dockerfile: string;
  /** Absolute path of the folder that `files` are relative to. */
  context: string;
  /** Globs, relative to the context, that `files` are found with. */
  patterns: readonly string[];
}

export interface ImagePlan {
  base: PlannedImage;
  golden: PlannedImage;
  /** What the author should know although all is well. */
  warnings: string[];
}

export interface PlanOptions {
  /** Folder that the paths in `build` are relative to. */
  projectFolder: string;
  /** What errors call the app: its file. */
  subject: string;
}

/**
 * What an app's images are built from, and so what they are called. Asks the network only for refs that are no full commits.
 * @throws {UserError} with every field of `build` that no image can be planned with
 */
export async function planImages(
  { version, build }: Pick<App, "version" | "build">,
  { projectFolder, subject }: PlanOptions,
): Promise<ImagePlan> {
  const { comfyui, packs, problems } = readPlugins(build.plugins);
  const places = placesOf(build, projectFolder, problems);
  problems.push(...namingProblems({ version, build }));
  // Whoever holds a login in its address is not asked.
  if (problems.length > 0) throw documentError(subject, problems);
  const [core, ...plugins] = await pinned([comfyui, ...packs], subject);

  const repositories = repositoriesOf(build);
  const imageRef = (kind: ImageKind, label: string, inputs: BuildInputs) =>
    `${repositories[kind]}:${build.comfy_version}-${label}-${fingerprint(inputs)}`;

  // Without ComfyUI among the plugins, the commit in the Dockerfile counts.
  const baseArgs: Record<string, string> = core === undefined ? {} : { COMFYUI_REPO: core.repo, COMFYUI_REF: core.ref };
  const base = await readInputs("base", places.base, baseArgs);
  const baseRef = imageRef("base", "base", base.inputs);

  const goldenArgs = { BASE_IMAGE: baseRef, COMFY_PLUGINS_JSON: JSON.stringify(plugins) };
  const golden = await readInputs("golden", places.golden, goldenArgs);
  return {
    base: { imageRef: baseRef, ...places.base, ...base.inputs },
    golden: { imageRef: imageRef("golden", version, golden.inputs), ...places.golden, ...golden.inputs },
    warnings: untrackedWarnings([...base.untracked, ...golden.untracked]),
  };
}

interface Places {
  dockerfile: string;
  context: string;
}

function placesOf(build: App["build"], projectFolder: string, problems: Problem[]): Record<ImageKind, Places> {
  const existing = (field: keyof App["build"], given: string | undefined, otherwise: string): string => {
    if (given === undefined) return otherwise;
    const path = resolve(projectFolder, given);
    if (existsSync(path)) return realpathSync(path);
    problems.push({ path: `build.${field}`, message: `is "${given}"; there is no ${path}` });
    return path;
  };
  const context = existing("build_context", build.build_context, packageFolder);
  return {
    base: {
      dockerfile: existing("base_dockerfile_path", build.base_dockerfile_path, join(packageFolder, dockerfiles.base)),
      context: existing("base_build_context", build.base_build_context, context),
    },
    golden: {
      dockerfile: existing("dockerfile_path", build.dockerfile_path, join(packageFolder, dockerfiles.golden)),
      context,
    },
  };
}

/** The plugins with the commits that their refs stand for. */
async function pinned(
  plugins: readonly (PlacedPlugin | undefined)[],
  subject: string,
): Promise<({ repo: string; ref: string } | undefined)[]> {
  const answers = await Promise.all(plugins.map(async (plugin) => (plugin === undefined ? undefined : pin(plugin))));
  const problems = answers.flatMap((answer) => (answer !== undefined && "path" in answer ? [answer] : []));
  if (problems.length > 0) throw documentError(subject, problems);
  return answers.map((answer) => (answer !== undefined && "repo" in answer ? answer : undefined));
}

async function pin({ repo, ref, at }: PlacedPlugin): Promise<{ repo: string; ref: string } | Problem> {
  try {
    return { repo, ref: await resolveCommit(repo, ref) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const message = `is "${ref}"; ${error.message}; give a full commit, of 40 hex digits`;
    return { path: `build.plugins[${at}].ref`, message };
  }
}

async function readInputs(
  kind: ImageKind,
  { dockerfile, context }: Places,
  buildArgs: Record<string, string>,
): Promise<{ inputs: BuildInputs & Pick<PlannedImage, "patterns">; untracked: string[] }> {
  const isPackage = context === realpathSync(packageFolder) || context === packageFolder;
  const patterns = isPackage ? imageFiles[kind] : ["**/*"];
  const ignored = await readIgnoreFile(dockerfile, context);
  const { files, untracked } = await contextFiles(context, patterns, ignored.hides);
  return {
    inputs: { dockerfileSha256: sha256OfFile(dockerfile), files, buildArgs, patterns },
    untracked: [...ignored.untracked, ...untracked],
  };
}

/**
 * An image as its files are now, for who was told where they are.
 * @throws {UserError} when it would be another one than was planned
 */
export async function readImage(
  kind: ImageKind,
  { imageRef, dockerfile, context, buildArgs }: Omit<PlannedImage, "patterns" | "files" | "dockerfileSha256">,
): Promise<PlannedImage> {
  const { inputs } = await readInputs(kind, { dockerfile, context }, buildArgs);
  if (imageRef.endsWith(fingerprint(inputs))) return { imageRef, dockerfile, context, ...inputs };
  throw new UserError(`the files of ${imageRef} were changed since it was planned; run pulumi up again`);
}

function untrackedWarnings(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  return [`left out, for git does not track them: ${paths.slice(0, 5).join(", ")}${more}; git add them`];
}
