import { join, relative } from "node:path";
import {
  type Backend,
  type BackendWish,
  backendVariable,
  chooseBackend,
  githubTroubleOf,
  missingImages,
  parseBackend,
} from "../../../providers/image/backend.ts";
import { dockerTroubleOf } from "../../../providers/image/docker/docker.ts";
import { type PlannedImage, planImages } from "../../../providers/image/plan/plan.ts";
import { openRegistry } from "../../../providers/image/registry/open-registry.ts";
import { openApp } from "../../app.ts";
import type { Context } from "../../context.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { aligned } from "../../output.ts";

/** The folder that an app's own Dockerfiles and contexts are relative to: that of the program. */
const projectFolder = join(import.meta.dirname, "../../..");

/** An image that is built, or one that only has a name. */
type Image = PlannedImage | { imageRef: string };

interface Found {
  /** By image; undefined when the registry has no such image. */
  digests: Map<Image, string | undefined>;
  backend: Backend;
}

/** Tells what an app's images are made of and called; asks the registry and whoever would build when it is told to. */
export async function run(context: Context, spec: string, options: { checkRegistry?: true }): Promise<ExitCode> {
  const { app, appFile: subject, warnings } = openApp(context, spec);
  const existing = app.build.image_ref;
  const wish = existing === undefined ? parseBackend(context.env[backendVariable]) : "prebuilt";
  const plan = existing === undefined ? await planImages(app, { projectFolder, subject }) : undefined;
  for (const warning of [...warnings, ...(plan?.warnings ?? [])]) context.output.note(`warning: ${warning}`);

  const base: Image | undefined = plan?.base;
  const golden: Image = plan?.golden ?? { imageRef: existing ?? "" };
  const images = { ...(base !== undefined && { base }), golden };
  const found = options.checkRegistry === true ? await find(context, wish, Object.values(images)) : undefined;

  const documents = Object.entries(images).map(([kind, image]) => [kind, document(image, found)]);
  context.output.result(
    {
      ...{ app_id: app.app_id, backend: wish },
      ...(found !== undefined && { build: found.backend }),
      ...(Object.fromEntries(documents) as object),
    },
    () => [
      ...Object.entries(images).flatMap(([kind, image]) => lines(context, kind, image, found)),
      ...(found === undefined ? [] : [decisions[found.backend]]),
    ],
  );
  return exitCodes.done;
}

const decisions: Record<Backend, string> = {
  none: "nothing has to be built",
  local: "Docker would build what is missing here",
  github_actions: "GitHub Actions would build what is missing",
};

/** @param images the golden image last */
async function find({ env }: Context, wish: BackendWish, images: readonly Image[]): Promise<Found> {
  const registry = openRegistry({ env });
  const digests = new Map<Image, string | undefined>();
  for (const image of images) digests.set(image, await registry.digest(image.imageRef));
  const missing = missingImages(images.map((image) => ({ imageRef: image.imageRef, digest: digests.get(image) })));
  const dockerTrouble = missing.length === 0 ? undefined : await dockerTroubleOf(env);
  const backend = chooseBackend(wish, { missing, dockerTrouble, githubTrouble: githubTroubleOf(env) });
  return { digests, backend };
}

function document(image: Image, found: Found | undefined): object {
  const digest = found?.digests.get(image);
  return {
    image_ref: image.imageRef,
    ...(found !== undefined && { in_registry: digest !== undefined, digest: digest ?? null }),
    ...("files" in image && {
      dockerfile_path: inProject(image.dockerfile),
      dockerfile_sha256: image.dockerfileSha256,
      build_context: inProject(image.context),
      build_args: image.buildArgs,
      files: image.files,
    }),
  };
}

function lines({ output }: Context, kind: string, image: Image, found: Found | undefined): string[] {
  const digest = found?.digests.get(image);
  return [
    `${kind.padEnd(6)}  ${output.strong(image.imageRef)}`,
    ...(found === undefined
      ? []
      : [`  ${digest === undefined ? "not in the registry" : `in the registry as ${digest}`}`]),
    ...("files" in image ? contentLines(image) : []),
  ];
}

function contentLines({ dockerfile, context, buildArgs, files }: PlannedImage): string[] {
  return aligned([
    ["  Dockerfile", inProject(dockerfile)],
    ...Object.entries(buildArgs).map(([name, value]) => [`  ${name}`, value]),
    ...(files.length === 0 ? [] : [["  context", `${files.length} files of ${inProject(context)}`]]),
    ...files.map(({ path, mode, sha256 }) => [`    ${sha256.slice(0, 12)} ${mode}`, path]),
  ]);
}

const inProject = (path: string): string => relative(projectFolder, path).replaceAll("\\", "/") || ".";
