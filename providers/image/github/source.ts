/** What GitHub would build from, beside what was fingerprinted here. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { UserError } from "../../../contract/errors.ts";
import { isContextPath } from "../context-files.ts";
import { checkoutFolder } from "../git.ts";
import type { PlannedImage } from "../plan.ts";
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

/** @throws {UserError} when they are not in one checkout */
export function sourcesOf({ imageRef, dockerfile, context, files, patterns }: PlannedImage): Sources {
  const root = checkoutFolder(context);
  if (root === undefined || checkoutFolder(join(dockerfile, "..")) !== root) {
    throw new UserError(
      `GitHub Actions cannot build ${imageRef}: ${dockerfile} and ${context} are not in one git repository; give "build.dockerfile_path" and "build.build_context" in the repository that GITHUB_REPOSITORY names, or start Docker`,
    );
  }
  const inRepository = (path: string) => relative(root, path).split(sep).join("/");
  const folder = inRepository(context);
  const at = (path: string) => (folder === "" ? path : `${folder}/${path}`);
  const dockerfilePath = inRepository(dockerfile);
  return {
    dockerfile: dockerfilePath,
    context: folder === "" ? "." : folder,
    files: [
      { path: dockerfilePath, mode: "", sha: blobHash(readFileSync(dockerfile)) },
      ...files.map(({ path, mode }) => ({
        path: at(path),
        mode: `100${mode}`,
        sha: blobHash(readFileSync(join(context, path))),
      })),
    ],
    takes: (path) =>
      folder === "" || path.startsWith(`${folder}/`)
        ? isContextPath(folder === "" ? path : path.slice(folder.length + 1), patterns)
        : false,
  };
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
    // How a Dockerfile may be run matters to nobody.
    if (mode !== "" && file.mode !== mode) return [`${path} has mode ${file.mode} instead of ${mode}`];
    return [];
  });
  const added = repository
    .filter(({ path }) => takes(path) && !here.has(path))
    .map(({ path }) => `${path} is only there`);
  return [...changed, ...added];
}
