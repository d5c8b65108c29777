import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.js";
import { fetchNode, nodeToUse } from "./node.js";
import { npm } from "./npm.js";
import { root } from "./paths.js";
import { elapsed, withTicks } from "./progress.js";
import { SetupError } from "./setup-error.js";

const modules = join(root, "node_modules");
// Removed first, written last: whatever broke off the installation in between makes the next run install again.
const stampFile = join(modules, ".comfy-endpoints-installed");

/**
 * Brings what package-lock.json names into node_modules, and Node 24 when the running Node is older. Does nothing when
 * both are there.
 * @param {import("./progress.js").Progress & {env: NodeJS.ProcessEnv, signal?: AbortSignal}} options
 * @returns {Promise<string>} path of the Node to start everything else with
 * @throws {SetupError}
 */
export async function dependencies(options) {
  if (whyInstall(readStamp(), wantedStamp(), existsSync(modules)) === undefined) {
    const node = nodeToUse();
    if (node !== undefined) return node;
  }
  const onWait = (/** @type {number} */ pid) =>
    options.onProgress(`Another process (pid ${pid}) is setting up ${root}, waiting for it`);
  return withLock(join(root, ".setup.lock"), { onWait, signal: options.signal }, async (alsoHeldBy) => {
    const npmOptions = { env: options.env, signal: options.signal, onStart: alsoHeldBy };
    // The process that was waited for may have done it all.
    const why = whyInstall(readStamp(), wantedStamp(), existsSync(modules));
    if (why !== undefined) await install(why, options, npmOptions);
    return nodeToUse() ?? (await fetchNode(options, npmOptions));
  });
}

/**
 * @param {string | undefined} stamp what was installed last
 * @param {string} wanted what the lock file asks for
 * @param {boolean} someModules whether there is a node_modules
 * @returns {string | undefined} why dependencies have to be installed
 */
export function whyInstall(stamp, wanted, someModules) {
  if (stamp === wanted) return undefined;
  if (!someModules) return "node_modules is missing";
  return stamp === undefined ? "node_modules is incomplete" : "package-lock.json has changed";
}

/**
 * @param {string} why
 * @param {import("./progress.js").Progress} progress
 * @param {Parameters<typeof npm>[1]} npmOptions
 */
async function install(why, progress, npmOptions) {
  const since = Date.now();
  progress.onProgress(`Installing dependencies with npm (${why})`);
  rmSync(stampFile, { force: true });
  // Nobody else's code runs at installation. Development dependencies are needed also where NODE_ENV is production.
  const args = ["ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  await withTicks(
    progress,
    () => `Installing dependencies: ${elapsed(since)}`,
    () => npm(args, npmOptions),
  );
  writeFileSync(stampFile, wantedStamp());
  progress.onProgress(`Installed dependencies in ${elapsed(since)}`);
}

function wantedStamp() {
  const lock = join(root, "package-lock.json");
  if (!existsSync(lock)) throw new SetupError(`${lock} is missing; restore it with: git checkout package-lock.json`);
  // Some packages bring binaries, so that node_modules is good for one platform only.
  return `${process.platform}-${process.arch} ${createHash("sha256").update(readFileSync(lock)).digest("hex")}\n`;
}

function readStamp() {
  return existsSync(stampFile) ? readFileSync(stampFile, "utf8") : undefined;
}
