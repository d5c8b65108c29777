import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isExecutable, withFoldersFirst } from "../setup/paths.js";
import { SetupError } from "../setup/setup-error.js";
import { cacheFolder, isCached, makeInCache } from "./cache.js";
import { chooseSource, explainMissing } from "./choice.js";
import { download } from "./download.js";
import { buildWithGo } from "./go-build.js";
import { goOnMachine, pulumiOnMachine, pulumiVersion } from "./machine.js";
import { engineVersion } from "./version.js";

/**
 * @typedef {object} FoundEngine
 * @property {string} binDir absolute path of the folder that holds it
 * @property {string} pulumi absolute path of the program
 * @property {string} version such as "3.258.0"
 * @property {import("./choice.js").Source} source where it comes from
 */

/**
 * @typedef {object} EngineOptions
 * @property {import("../setup/progress.js").Progress["onProgress"]} onProgress gets each step that takes time, a line;
 *   nothing when an engine is there already
 * @property {import("../setup/progress.js").Progress["onTick"]} [onTick] for a terminal: gets about every second how far
 *   it has come; without it that is a line every 20 seconds
 * @property {AbortSignal} [signal] stops what is going on and leaves nothing half-made; its reason is then thrown
 * @property {NodeJS.ProcessEnv} [env] instead of this process's
 */

/**
 * The Pulumi engine: the one that COMFY_ENDPOINTS_ENGINE_DIR names, else the one on PATH when it is new enough, else the
 * one in the user's cache, which is downloaded or built (minutes, once) when it is not there.
 * @param {EngineOptions} options
 * @returns {Promise<FoundEngine>}
 * @throws {SetupError} one line that names the remedy
 */
export async function engine({ onProgress, onTick, signal, env = process.env }) {
  const facts = await look(env);
  switch (chooseSource(facts)) {
    case "given":
      return found(facts.givenFolder, "given", (await pulumiVersion(join(facts.givenFolder, "pulumi"), env)) ?? "");
    case "path":
      return found(dirname(facts.machine?.file ?? ""), "path", facts.machine?.version ?? "");
    case "cache":
      return found(join(facts.cacheFolder, "bin"), "cache", engineVersion);
    default: {
      const progress = { onProgress, onTick };
      const made = await makeInCache({ env, signal, onProgress }, (folder, onStart) =>
        make(folder, facts, { env, signal, progress, onStart }),
      );
      return found(join(facts.cacheFolder, "bin"), made ?? "cache", engineVersion);
    }
  }
}

/**
 * The engine that is here already; nothing is downloaded or built.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{version: string, source: "given" | "path" | "cache"} | undefined>}
 */
export async function engineHere(env) {
  const facts = await look(env);
  const source = chooseSource(facts);
  if (source === "given") {
    return { source, version: (await pulumiVersion(join(facts.givenFolder, "pulumi"), env)) ?? "" };
  }
  if (source === "path") return { source, version: facts.machine?.version ?? "" };
  return source === "cache" ? { source, version: engineVersion } : undefined;
}

/**
 * The environment in which that engine works: itself and the right Node first on PATH, no look for updates, no download
 * of plugins that a program does not use.
 * @param {FoundEngine} found
 * @param {NodeJS.ProcessEnv} env what it is added to
 * @param {string} [node] path of the Node that runs programs
 * @returns {NodeJS.ProcessEnv}
 */
export function engineEnv(found, env, node = process.execPath) {
  const nodeDir = dirname(node);
  // An engine of the machine may share its folder with an older Node. One of ours does not, and precedes what else
  // lies beside the machine's Node.
  const folders = existsSync(join(found.binDir, "node")) ? [nodeDir, found.binDir] : [found.binDir, nodeDir];
  return {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL: "true",
    ...env,
    PATH: withFoldersFirst(folders, env.PATH),
  };
}

/** @param {NodeJS.ProcessEnv} env */
async function look(env) {
  const givenFolder = resolve(env.COMFY_ENDPOINTS_ENGINE_DIR ?? "");
  const given = Boolean(env.COMFY_ENDPOINTS_ENGINE_DIR) && isExecutable(join(givenFolder, "pulumi"));
  return {
    given,
    givenFolder,
    // Asking a pulumi for its version takes a third of a second.
    machine: given ? undefined : await pulumiOnMachine(env),
    cached: isCached(env),
    cacheFolder: cacheFolder(env),
    go: undefined,
    downloadFailed: undefined,
  };
}

/**
 * @param {string} folder
 * @param {import("./choice.js").Facts} facts of a machine without a ready engine
 * @param {Parameters<typeof buildWithGo>[2]} options
 * @returns {Promise<"download" | "go">}
 */
async function make(folder, facts, options) {
  const downloadFailed = await download(folder, options);
  if (downloadFailed === undefined) return "download";
  const go = await goOnMachine(options.env);
  const known = { ...facts, downloadFailed, go: go?.version };
  if (go === undefined || chooseSource(known) !== "go") throw new SetupError(explainMissing(known));
  options.progress.onProgress(`No Pulumi ${engineVersion} here, and none to download (${downloadFailed})`);
  // What a download that broke off has left must not get into the cache along with what is built.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "bin"), { recursive: true });
  await buildWithGo(folder, go, options);
  return "go";
}

/**
 * @param {string} binDir
 * @param {FoundEngine["source"]} source
 * @param {string} version
 * @returns {FoundEngine}
 */
function found(binDir, source, version) {
  return { binDir, pulumi: join(binDir, "pulumi"), version, source };
}

export { SetupError };
