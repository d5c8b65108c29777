import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { capture } from "./capture.js";
import { npm } from "./npm.js";
import { isExecutable, root, withFoldersFirst } from "./paths.js";
import { elapsed, withTicks } from "./progress.js";
import { SetupError } from "./setup-error.js";

/** The oldest Node that runs this project's TypeScript and has node:sqlite. */
export const oldestNode = 24;

const fetchedNode = join(root, "node_modules/node/bin/node");

/**
 * @returns {string | undefined} the Node to start everything with; undefined when one has to be fetched
 */
export function nodeToUse() {
  return chooseNode({
    running: process.execPath,
    runningMajor: majorOf(process.versions.node),
    runningIsThere: existsSync(process.execPath),
    fetched: isExecutable(fetchedNode) ? fetchedNode : undefined,
  });
}

/**
 * The machine's own Node when it is new enough, else the one in node_modules.
 * @param {object} facts
 * @param {string} facts.running path of the Node that runs this
 * @param {number} facts.runningMajor
 * @param {boolean} facts.runningIsThere false when it lay in a node_modules that has just been replaced
 * @param {string | undefined} facts.fetched path of the one in node_modules, when it is there
 * @returns {string | undefined}
 */
export function chooseNode({ running, runningMajor, runningIsThere, fetched }) {
  return runningMajor >= oldestNode && runningIsThere ? running : fetched;
}

/**
 * Brings the Node of the npm package `node`, whose install script places the binary.
 * @param {import("./progress.js").Progress} progress
 * @param {Parameters<typeof npm>[1]} npmOptions
 * @returns {Promise<string>} its path
 * @throws {SetupError} when it cannot be had, or does not run on this machine
 */
export async function fetchNode(progress, npmOptions) {
  const since = Date.now();
  const manifest = readFileSync(join(root, "node_modules/node/package.json"), "utf8");
  const { version } = /** @type {{version: string}} */ (JSON.parse(manifest));
  progress.onProgress(`Fetching Node.js ${version} into node_modules (the one here is ${process.versions.node})`);
  await withTicks(
    progress,
    () => `Fetching Node.js ${version}: ${elapsed(since)}`,
    () => npm(["rebuild", "node", "--ignore-scripts=false", "--no-audit", "--no-fund", "--loglevel=error"], npmOptions),
  );
  const { stdout } = await capture(fetchedNode, ["--version"], { signal: npmOptions.signal });
  if (!(majorOf(stdout.trim().slice(1)) >= oldestNode)) {
    rmSync(fetchedNode, { force: true });
    throw new SetupError(
      `the npm package node@${version} has no binary that runs on ${process.platform}-${process.arch}; ` +
        `install Node.js ${oldestNode} or newer from https://nodejs.org`,
    );
  }
  progress.onProgress(`Fetched Node.js ${version} in ${elapsed(since)}`);
  return fetchedNode;
}

/**
 * @param {string} node path of the Node that children are to find
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv} env with that Node first on PATH, and a cache of compiled code for it
 */
export function nodeEnv(node, env) {
  return {
    ...env,
    PATH: withFoldersFirst([dirname(node)], env.PATH),
    NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(root, "node_modules/.cache/compile"),
  };
}

/** @param {string} version such as "24.21.0" */
function majorOf(version) {
  return Number.parseInt(version, 10);
}
