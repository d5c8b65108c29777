import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";

/** A file's text; undefined when there is no such file. */
export const readTextFile = (path: string): string | undefined =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, "utf8") : undefined;

/** A path as people call it who are in that folder. */
export function nearPath(cwd: string, path: string): string {
  const near = relative(cwd, path);
  return near.startsWith("..") ? path : near;
}
