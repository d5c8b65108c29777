import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/**
 * Every executable of that name on PATH, in the order of PATH. npm puts node_modules/.bin of this and of parent folders
 * on PATH: what lies there belongs to a project, not to the machine, and is left out.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]} absolute paths
 */
export function onMachine(name, env) {
  return (env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder.startsWith("/") && !folder.split("/").includes("node_modules"))
    .map((folder) => join(folder, name))
    .filter((file) => isExecutable(file) && !realpathSync(file).split("/").includes("node_modules"));
}

/**
 * @param {string} file
 * @returns {boolean}
 */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * @param {string[]} folders to be looked in first, in this order
 * @param {string | undefined} path PATH so far
 * @returns {string} PATH with each folder once
 */
export function withFoldersFirst(folders, path) {
  return [...new Set([...folders, ...(path ?? "").split(delimiter).filter((folder) => folder !== "")])].join(delimiter);
}
