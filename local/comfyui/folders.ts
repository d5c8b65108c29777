import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { NodeError } from "./nodes/node.ts";

export interface Folders {
  output: string;
  input: string;
  temp: string;
}

export type FolderType = keyof Folders;

export const isFolderType = (type: string): type is FolderType => ["output", "input", "temp"].includes(type);

/** How history names a file. */
export interface FileEntry {
  filename: string;
  subfolder: string;
  type: FolderType;
}

/** Whether a path lies in a folder, or is it. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`);
}

/** `photo.png [temp]` names a file of another folder than the usual one. */
export function annotatedPath(name: string, folders: Folders): string {
  const [, plain = name, type = "input"] = /^(.*) \[(output|input|temp)\]$/.exec(name) ?? [];
  const folder = isFolderType(type) ? folders[type] : folders.input;
  return resolve(folder, plain);
}

/**
 * The next free names for a prefix, which may hold folders: `a/b/x` gives `x_00001_.png` in `a/b`. The counter goes on
 * from the highest in the folder.
 * @throws {NodeError} when the prefix leads out of the folder
 */
export function nextFiles(
  folders: Folders,
  type: FolderType,
  prefix: string,
  suffix: string,
  count: number,
): { path: string; entry: FileEntry }[] {
  const whole = resolve(folders[type], prefix);
  const folder = resolve(whole, "..");
  if (prefix.startsWith("/") || !isInside(folders[type], folder)) {
    throw new NodeError(
      "Exception",
      `**** ERROR: Saving image outside the output folder is not allowed.\n full_output_folder: ${folder}\n         output_dir: ${folders[type]}\n`,
    );
  }
  const name = whole.slice(folder.length + 1);
  mkdirSync(folder, { recursive: true });
  const subfolder = relative(folders[type], folder);
  const first = highestCounter(folder, name) + 1;
  return Array.from({ length: count }, (_, at) => {
    const filename = `${name}_${String(first + at).padStart(5, "0")}_${suffix}`;
    return { path: join(folder, filename), entry: { filename, subfolder, type } };
  });
}

function highestCounter(folder: string, name: string): number {
  const counters = readdirSync(folder)
    .filter((file) => file.startsWith(`${name}_`))
    .map((file) => Number.parseInt(file.slice(name.length + 1), 10))
    .filter((counter) => Number.isInteger(counter));
  return Math.max(0, ...counters);
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
