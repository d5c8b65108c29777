/** What GitHub would build from, beside what was fingerprinted here. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { UserError } from "../../../contract/errors.ts";
import { isContextPath } from "../context/context-files.ts";
import { ignoreFilesOf, readIgnoreFile } from "../context/ignore-file.ts";
import { checkoutFolder } from "../git.ts";
import type { PlannedImage } from "../plan/plan.ts";
import type { RepositoryFile } from "./api.ts";

/** An image's sources, as paths of the repository. */
export interface Sources {
  dockerfile: string;
  /** `.` for the whole repository. */
  context: string;
  files: RepositoryFile[];
  /** Whether the image would take a path, if it were there. */
  takes: (path: string) => boolean;
}

/** @throws {UserError} when they are not in one checkout, as files of its own */
export async function sourcesOf({ imageRef, dockerfile, context, files, patterns }: PlannedImage): Promise<Sources> {
  const root = rootOf(imageRef, dockerfile, context);
  const inRepository = (path: string) => relative(root, path).split(sep).join("/");
  const folder = inRepository(context);
  const prefix = folder === "" ? "" : `${folder}/`;
  const file = (path: string, mode: string): RepositoryFile => ({
    ...{ path: inRepository(path), mode },
    sha: blobHash(readFileSync(path)),
  });
  const ignored = await readIgnoreFile(dockerfile, context);
  const ignoreFiles = ignoreFilesOf(dockerfile, context);
  // There they would be obeyed in place of the one here.
  const unwanted = ignoreFiles.slice(0, ignored.path === undefined ? undefined : ignoreFiles.indexOf(ignored.path));
  const isTaken = (path: string): boolean => isContextPath(path, patterns) && !ignored.hides(path);
  return {
    dockerfile: inRepository(dockerfile),
    context: folder === "" ? "." : folder,
    files: [
      // How these may be run matters to nobody.
      ...[dockerfile, ...(ignored.path === undefined ? [] : [ignored.path])].map((path) => file(path, "")),
      ...files.map(({ path, mode }) => file(join(context, path), `100${mode}`)),
    ],
    takes: (path) =>
      unwanted.some((ignoreFile) => inRepository(ignoreFile) === path) ||
      (path.startsWith(prefix) && isTaken(path.slice(prefix.length))),
  };
}

function rootOf(imageRef: string, dockerfile: string, context: string): string {
  const cannot = (why: string) => new UserError(`GitHub Actions cannot build ${imageRef}: ${why}, or start Docker`);
  const fields = ["dockerfile_path", "build_context", "base_dockerfile_path", "base_build_context"];
  const remedy = `give ${fields.map((name) => `"build.${name}"`).join(", ")} in the repository that GITHUB_REPOSITORY names`;
  const root = checkoutFolder(context);
  if (root === undefined || checkoutFolder(dirname(dockerfile)) !== root) {
    throw cannot(`${dockerfile} and ${context} are not in one git repository; ${remedy}`);
  }
  const installed = [dockerfile, context].find((path) => relative(root, path).split(sep).includes("node_modules"));
  if (installed !== undefined) throw cannot(`${installed} is of an installed package, not of a repository; ${remedy}`);
  return root;
}

/** Git's hash of a file. */
export const blobHash = (content: Uint8Array): string =>
  createHash("sha1").update(`blob ${content.byteLength}\0`).update(content).digest("hex");

/**
 * What an image made from the repository's files would have otherwise than one made from the local ones: paths, each with
 * what is wrong, as a clause.
 */
export function differences({ files, takes }: Sources, repository: readonly RepositoryFile[]): string[] {
  const there = new Map(repository.map((file) => [file.path, file]));
  const here = new Set(files.map(({ path }) => path));
  const changed = files.flatMap(({ path, mode, sha }) => {
    const file = there.get(path);
    if (file === undefined) return [`${path} is not there`];
    if (file.sha !== sha) return [`${path} has another content`];
    if (mode !== "" && file.mode !== mode) return [`${path} has mode ${file.mode} instead of ${mode}`];
    return [];
  });
  const added = repository
    .filter(({ path }) => takes(path) && !here.has(path))
    .map(({ path }) => `${path} is only there`);
  return [...changed, ...added];
}
