import { readFileSync, statSync } from "node:fs";

/** A file's text; undefined when there is no such file. */
export const readTextFile = (path: string): string | undefined =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, "utf8") : undefined;
