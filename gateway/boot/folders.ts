import { randomUUID } from "node:crypto";
import { copyFile, lstat, mkdir, readdir, readlink, realpath, rename, rm, rmdir, symlink } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { modelFolders } from "../../contract/models/folders.ts";
import { BootFailure } from "./failure.ts";

/** A folder of the container, and the one on the volume that takes its place. */
export interface FolderLink {
  path: string;
  target: string;
}

export interface LinkOptions {
  /** ComfyUI's models folder. */
  comfyModels: string;
  /** The models folder on the volume. */
  models: string;
  /** The volume. */
  cache: string;
  /** Folders to link besides: below ComfyUI's models, or anywhere by their absolute path. */
  further: readonly string[];
  /** Models by their path below the models folder. */
  declared: readonly string[];
}

/**
 * Which folders are to be links: all that ComfyUI looks into for models, those that declared models lie in, and what the app
 * asks for.
 * @throws {BootFailure} for one that the volume or ComfyUI itself is in, or that is on the volume
 */
export function planLinks({ comfyModels, models, cache, further, declared }: LinkOptions): FolderLink[] {
  const named = [...modelFolders, ...declared.map((target) => target.split("/")[0] ?? ""), ...further];
  const paths = [...new Set(named.map((folder) => resolve(comfyModels, folder)))].filter(
    (path) => path !== comfyModels,
  );
  const wrong = paths.find((path) => isWithin(cache, path) || isWithin(path, cache) || isWithin(comfyModels, path));
  if (wrong !== undefined) {
    const reason = `"cache_policy.symlink_targets" names ${wrong}, which cannot be a link to the volume at ${cache}`;
    throw new BootFailure("models", reason, "name a folder apart from it");
  }
  return (
    paths
      // What lies below a link is on the volume already.
      .filter((path) => !paths.some((other) => other !== path && isWithin(path, other)))
      .map((path) => ({
        path,
        target: isWithin(path, comfyModels) ? join(models, relative(comfyModels, path)) : join(cache, "folders", path),
      }))
  );
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);

/**
 * Makes a folder a link to the volume; what it held moves there, unless the volume has it.
 * @throws {BootFailure} when that cannot be
 */
export async function linkFolder({ path, target }: FolderLink): Promise<void> {
  try {
    await mkdir(target, { recursive: true });
    await mkdir(dirname(path), { recursive: true });
    const found = await lstat(path).catch(() => undefined);
    if (found?.isSymbolicLink() === true && (await readlink(path)) === target) return;
    if (found?.isDirectory() === true) {
      const [from, to] = await Promise.all([realpath(path), realpath(target)]);
      // A link above it leads to the volume already.
      if (from === to) return;
      if (isWithin(from, to) || isWithin(to, from)) throw new Error("one of them lies in the other");
      await moveEntries(path, target);
      await rmdir(path);
    } else if (found !== undefined && !found.isSymbolicLink()) {
      throw new Error("a file is in its place");
    }
    await replaceWithLink(path, target);
  } catch (cause) {
    const reason = `${path} cannot become a link to ${target}: ${(cause as Error).message}`;
    throw new BootFailure("models", reason, "see to it that the gateway may write there, and that it is a folder", {
      cause,
    });
  }
}

/** At once: nobody finds the path empty. */
export async function replaceWithLink(path: string, target: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await symlink(target, temporary);
  await rename(temporary, path);
}

async function moveEntries(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    const there = await lstat(target).catch(() => undefined);
    if (entry.isDirectory()) {
      if (there === undefined) await mkdir(target);
      if (there === undefined || there.isDirectory()) await moveEntries(source, target);
      await rm(source, { recursive: true });
    } else if (there === undefined) {
      await moveFile(source, target);
    } else {
      await rm(source);
    }
  }
}

/** Moves a file, also from one file system to another: whole under its new name, or not at all. */
async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    const temporary = `${to}.${randomUUID()}`;
    const isLink = (await lstat(from)).isSymbolicLink();
    if (isLink) await symlink(await readlink(from), temporary);
    else await copyFile(from, temporary);
    await rename(temporary, to);
    await rm(from);
  }
}
