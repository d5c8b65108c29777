/** The build context of an image as a folder of its own, with nothing in it but what the plan lists. */
import { randomUUID } from "node:crypto";
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { UserError } from "../../../contract/errors.ts";
import { parseImageRef } from "../image-ref.ts";
import type { ContextFile } from "../plan/fingerprint.ts";
import type { PlannedImage } from "../plan/plan.ts";
import { sha256 } from "./context-files.ts";

/** Paths relative to the working folder: the program's own, for whatever Pulumi runs. */
export interface StagedContext {
  context: string;
  dockerfile: string;
}

/** Docker looks for it beside the Dockerfile first. Without one it would take what the context itself brings. */
const ignoreFile = "Dockerfile.dockerignore";
const ignoreNothing = "# All that lies here is part of the image.\n";

/** Contexts that nobody asked for in that time are not needed any more: no build takes as long. */
const keptMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Copies what an image is built from to `<folder>/<tag>`, with modes that neither a umask nor a clone changes. What is there
 * already is verified, and mended file by file: a process that builds from it meanwhile sees what it has seen before.
 * @param folder where contexts are kept
 * @throws {UserError} naming a file that is not any more as it was planned
 */
export async function stageContext(image: PlannedImage, folder: string): Promise<StagedContext> {
  const target = join(folder, parseImageRef(image.imageRef).tag ?? "");
  const context = join(target, "context");
  const drafts = join(target, `.draft-${randomUUID()}`);
  await mkdir(drafts, { recursive: true });
  try {
    await keepOnly(context, image.files);
    for (const file of image.files) await stage(file, join(image.context, file.path), join(context, file.path), drafts);
    const dockerfile: ContextFile = { path: "Dockerfile", mode: "644", sha256: image.dockerfileSha256 };
    await stage(dockerfile, image.dockerfile, join(target, dockerfile.path), drafts);
    // Written anew each time: it tells when the context was last used.
    await put(join(target, ignoreFile), "644", Buffer.from(ignoreNothing), drafts);
    await removeUnused(folder);
  } finally {
    await rm(drafts, { recursive: true, force: true });
  }
  const fromHere = (path: string): string => relative(process.cwd(), path).replaceAll(sep, "/");
  return { context: fromHere(context), dockerfile: fromHere(join(target, "Dockerfile")) };
}

async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const used = await lstat(join(folder, name, ignoreFile)).catch(ifMissing);
    if (used !== undefined && used.mtimeMs < Date.now() - keptMs) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** Makes the folders of these files, and removes whatever is none of either. */
async function keepOnly(context: string, files: readonly ContextFile[]): Promise<void> {
  const folders = new Set([context]);
  for (const { path } of files) {
    for (let at = dirname(join(context, path)); !folders.has(at); at = dirname(at)) folders.add(at);
  }
  const kept = new Set(files.map(({ path }) => join(context, path)));
  // The outer ones first.
  for (const folder of [...folders].sort()) {
    const found = await lstat(folder).catch(ifMissing);
    if (found?.isDirectory() === false) await rm(folder, { force: true });
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const isRight = entry.isDirectory() ? folders.has(path) : kept.has(path) && entry.isFile();
      if (!isRight) await rm(path, { recursive: true, force: true });
    }
  }
}

async function stage(file: ContextFile, source: string, target: string, drafts: string): Promise<void> {
  if (await isStaged(file, target)) return;
  const content = await readFile(source).catch(ifMissing);
  if (content === undefined || sha256(content) !== file.sha256) {
    throw new UserError(`${source} was changed since its image was planned; run it again`);
  }
  await put(target, file.mode, content, drafts);
}

async function isStaged({ mode, sha256: expected }: ContextFile, path: string): Promise<boolean> {
  const found = await lstat(path).catch(ifMissing);
  if (found?.isFile() !== true) return false;
  if (sha256(await readFile(path)) !== expected) return false;
  await chmod(path, Number.parseInt(mode, 8));
  return true;
}

/** Whole, or not at all. */
async function put(path: string, mode: ContextFile["mode"], content: Uint8Array, drafts: string): Promise<void> {
  const draft = join(drafts, randomUUID());
  await writeFile(draft, content);
  // The umask has no say in it.
  await chmod(draft, Number.parseInt(mode, 8));
  await rename(draft, path).catch(async (error: unknown) => {
    if (!isCode(error, "EISDIR", "ENOTDIR", "EEXIST", "ENOTEMPTY")) throw error;
    await rm(path, { recursive: true, force: true });
    await rename(draft, path);
  });
}

function ifMissing(error: unknown): undefined {
  if (!isCode(error, "ENOENT", "ENOTDIR")) throw error;
}

const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && "code" in error && codes.includes(String(error.code));
