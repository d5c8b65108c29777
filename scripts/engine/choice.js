import { engineVersion, isRecent, oldestGo } from "./version.js";

/** @typedef {"given" | "path" | "cache" | "download" | "go"} Source where the engine comes from */

/**
 * @typedef {object} Facts what is known about the machine
 * @property {boolean} given whether COMFY_ENDPOINTS_ENGINE_DIR holds a pulumi
 * @property {{version: string, complete: boolean} | undefined} machine the first pulumi on PATH; complete: its Node
 *   language host and its launcher of dynamic providers are there too
 * @property {boolean} cached whether an engine lies in the cache
 * @property {string} cacheFolder
 * @property {string | undefined} go version of the first go on PATH
 * @property {string | undefined} downloadFailed why; undefined as long as it was not tried
 */

/**
 * @param {Facts} facts
 * @returns {Source | undefined} what to use or to try next; undefined when there is no way to an engine
 */
export function chooseSource({ given, machine, cached, go, downloadFailed }) {
  if (given) return "given";
  if (machine?.complete && isRecent(machine.version, engineVersion)) return "path";
  if (cached) return "cache";
  if (downloadFailed === undefined) return "download";
  if (go !== undefined && isRecent(go, oldestGo)) return "go";
  return undefined;
}

/**
 * @param {Facts} facts of a machine without any way to an engine
 * @returns {string} what was looked for, what was found, and the remedies; one line
 */
export function explainMissing({ machine, cacheFolder, go, downloadFailed }) {
  const pulumi =
    machine === undefined
      ? "no pulumi is on PATH"
      : `the pulumi on PATH is ${machine.version}${machine.complete ? "" : " without its Node language host"}`;
  const compiler = go === undefined ? "no go is on PATH" : `the go on PATH is ${go}`;
  return (
    `no Pulumi engine ${engineVersion} to be had: ${pulumi}, none is in ${cacheFolder}, ` +
    `the download failed (${downloadFailed}), and to build it ${compiler}; ` +
    `install Pulumi ${engineVersion} or newer (https://www.pulumi.com/docs/install/) ` +
    `or Go ${oldestGo} or newer (https://go.dev/dl/), or make the download possible, and run this again`
  );
}
