import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join, matchesGlob, relative } from "node:path";
import type { ImageInputs } from "./inputs.ts";

/**
 * [source] SHA-256 over the Dockerfile, and path, mode and content of each file that is not ignored; of a symbolic link, where
 * it leads. Neither times nor owners, nor folders.
 */
export function contextDigest({ context, dockerfile }: Pick<ImageInputs["build"], "context" | "dockerfile">): string {
  const hash = createHash("sha256").update(readDockerfile(context, dockerfile));
  const ignores = ignoredFiles(context, dockerfile);
  for (const path of readdirSync(context, { recursive: true, encoding: "utf8" }).sort()) {
    const full = join(context, path);
    const stat = lstatSync(full);
    if (stat.isDirectory() || ignores(path)) continue;
    const content = stat.isSymbolicLink() ? realpathSync(full) : readFileSync(full);
    hash.update(`${path}\0${stat.mode.toString(8)}\0`).update(createHash("sha256").update(content).digest());
  }
  return hash.digest("hex");
}

/** [measured] Its path is relative to the program's folder, not to the context. */
function readDockerfile(context: string, dockerfile: string): Buffer {
  try {
    return readFileSync(dockerfile);
  } catch (cause) {
    const remedy = relative(".", join(context, dockerfile));
    throw new Error(
      `could not open dockerfile at relative path "${dockerfile}". Try setting dockerfile to "${remedy}"`,
      { cause },
    );
  }
}

/** [source] What the first of these files says that is there, even if it is empty. .gitignore is none of them. */
export function ignoredFiles(context: string, dockerfile: string): (path: string) => boolean {
  const text = readIfThere(`${dockerfile}.dockerignore`) ?? readIfThere(join(context, ".dockerignore")) ?? "";
  const lines = text.split("\n").map((line) => line.trim());
  return ignoreMatcher(lines.filter((line) => line !== "" && !line.startsWith("#")));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The last pattern that matches a path, or a folder it is in, decides. */
function ignoreMatcher(patterns: readonly string[]): (path: string) => boolean {
  const rules = patterns.map((pattern) => ({
    ignored: !pattern.startsWith("!"),
    glob: pattern.replace(/^!/, "").replace(/^\/|\/$/g, ""),
  }));
  const matches = (path: string, glob: string): boolean => matchesGlob(path, glob) || matchesGlob(path, `${glob}/**`);
  return (path) => rules.findLast(({ glob }) => matches(path, glob))?.ignored ?? false;
}
