/** The files of a build context, read. */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join, matchesGlob, relative, sep } from "node:path";
import { UserError } from "../../../contract/errors.ts";
import { trackedFiles } from "../git.ts";
import type { ContextFile } from "../plan/fingerprint.ts";
import type { Hides } from "./ignore-file.ts";

/** What is made when programs run, and is no source. Names that begin with a dot match no pattern either. */
export const neverContext = ["**/node_modules", "**/__pycache__", "**/*.pyc", "**/*.d.ts"];

export interface ContextFiles {
  files: ContextFile[];
  /** Paths that match a pattern, but that git does not track: no other clone has them. */
  untracked: string[];
}

/**
 * Files of a folder that match one of the patterns. In a git checkout these are the tracked ones, with the content that they
 * have now; a pattern that names a single file takes it in any case.
 * @param patterns globs relative to the folder
 * @param hides whether a path is not taken all the same
 * @throws {UserError} when a pattern matches nothing, or a symbolic link
 */
export async function contextFiles(
  folder: string,
  patterns: readonly string[],
  hides: Hides = () => false,
): Promise<ContextFiles> {
  const tracked = await trackedFiles(folder);
  const paths = new Set<string>();
  const untracked = new Set<string>();
  for (const pattern of patterns) {
    const found = matches(folder, pattern);
    if (found.length === 0) throw new UserError(`${join(folder, pattern)} does not exist; an image is made with it`);
    for (const { path, isPlain } of found.filter((file) => !hides(file.path))) {
      if (!isPlain) throw linkError(join(folder, path));
      (path === pattern || tracked?.has(path) !== false ? paths : untracked).add(path);
    }
  }
  return { files: [...paths].sort().map((path) => contextFile(folder, path)), untracked: [...untracked].sort() };
}

/** Whether a path is one that these patterns take, if it is there. */
export const isContextPath = (path: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => matchesGlob(path, pattern)) &&
  !neverContext.some((pattern) => matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`));

const matches = (folder: string, pattern: string): { path: string; isPlain: boolean }[] =>
  globSync(pattern, { cwd: folder, exclude: neverContext, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({
      path: relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"),
      isPlain: entry.isFile(),
    }));

const linkError = (path: string): UserError =>
  new UserError(
    `${path} is no plain file; an image is made of plain files only, put a copy in its place, or name it in .dockerignore`,
  );

function contextFile(folder: string, path: string): ContextFile {
  const content = readFileSync(join(folder, path));
  return { path, mode: content.subarray(0, 2).toString() === "#!" ? "755" : "644", sha256: sha256(content) };
}

/** SHA-256 of a file, in hex. */
export const sha256OfFile = (path: string): string => sha256(readFileSync(path));

/** In hex. */
export const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");
