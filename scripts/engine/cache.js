import { chmodSync, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { isAlive, withLock } from "../setup/lock.js";
import { isExecutable, root } from "../setup/paths.js";
import { SetupError } from "../setup/setup-error.js";
import { engineFiles } from "./machine.js";
import { engineVersion } from "./version.js";

const launcher = "pulumi-resource-pulumi-nodejs";
const draftPrefix = ".making-";

/**
 * @param {NodeJS.ProcessEnv} env COMFY_ENDPOINTS_CACHE_DIR overrides where the user's caches are
 * @param {NodeJS.Platform} [platform]
 * @returns {string} absolute path of the folder of this version's engine, which need not exist
 */
export function cacheFolder(env, platform = process.platform) {
  return join(enginesFolder(env, platform), engineVersion);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} [platform]
 * @returns {string} absolute path of the folder for everything that is made once and used again; it need not exist
 */
export function userCache(env, platform = process.platform) {
  const home = env.HOME || homedir();
  const user = platform === "darwin" ? join(home, "Library/Caches") : env.XDG_CACHE_HOME || join(home, ".cache");
  // Absolute, because go runs in another folder.
  return resolve(env.COMFY_ENDPOINTS_CACHE_DIR || join(user, "comfy-endpoints"));
}

/** @param {NodeJS.ProcessEnv} env @param {NodeJS.Platform} platform */
const enginesFolder = (env, platform) => join(userCache(env, platform), "engine");

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean} whether a whole engine is there
 */
export function isCached(env) {
  return engineFiles.every((name) => isExecutable(join(cacheFolder(env), "bin", name)));
}

/**
 * Makes an engine and puts it into the cache as a whole or not at all. Only one process does so at a time; one that had
 * to wait uses what the other has made.
 * @template T
 * @param {object} options
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} [options.signal]
 * @param {(line: string) => void} options.onProgress
 * @param {(folder: string, alsoHeldBy: (pid: number) => void) => Promise<T>} make puts `bin/pulumi` and
 *   `bin/pulumi-language-nodejs` into the folder; alsoHeldBy: told of every process that works on it
 * @returns {Promise<T | undefined>} what `make` gave; undefined when another process has made the engine meanwhile
 * @throws {SetupError} when the cache cannot be written or the disk is full
 */
export async function makeInCache({ env, signal, onProgress }, make) {
  const engines = enginesFolder(env, process.platform);
  const draft = join(engines, `${draftPrefix}${process.pid}`);
  const onWait = (/** @type {number} */ pid) =>
    onProgress(`Another process (pid ${pid}) is making the Pulumi engine, waiting for it`);
  try {
    mkdirSync(engines, { recursive: true });
    return await withLock(join(engines, ".lock"), { onWait, signal }, async (alsoHeldBy) => {
      if (isCached(env)) return undefined;
      removeLeftovers(engines);
      try {
        mkdirSync(join(draft, "bin"), { recursive: true });
        const made = await make(draft, alsoHeldBy);
        copyFileSync(join(root, "node_modules/@pulumi/pulumi", launcher), join(draft, "bin", launcher));
        chmodSync(join(draft, "bin", launcher), 0o755);
        rmSync(cacheFolder(env), { recursive: true, force: true });
        renameSync(draft, cacheFolder(env));
        return made;
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
    });
  } catch (error) {
    throw explained(error, engines);
  }
}

/** @param {string} engines */
function removeLeftovers(engines) {
  for (const name of readdirSync(engines)) {
    const owner = name.startsWith(draftPrefix) ? Number(name.slice(draftPrefix.length)) : undefined;
    if (owner !== undefined && (owner === process.pid || !isAlive(owner))) {
      rmSync(join(engines, name), { recursive: true, force: true });
    }
  }
}

/**
 * @param {unknown} error
 * @param {string} engines
 * @returns {unknown} the error that the user is to see
 */
function explained(error, engines) {
  const code = /** @type {NodeJS.ErrnoException} */ (error).code;
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(engines);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR" || code === "EEXIST") {
    return new SetupError(
      `the cache folder ${engines} cannot be written (${code}); ` +
        "make it writable, or name another one in COMFY_ENDPOINTS_CACHE_DIR",
    );
  }
  return error;
}

/**
 * @param {string} folder where the engine was to go
 * @returns {SetupError}
 */
export function diskFull(folder) {
  return new SetupError(
    `no space left on the disk while making the Pulumi engine in ${folder}: ` +
      "it needs about 2.5 GB there and in Go's caches (`go env GOCACHE GOMODCACHE` tells where) together; " +
      "free some space, or name another folder in COMFY_ENDPOINTS_CACHE_DIR, and run this again",
  );
}
