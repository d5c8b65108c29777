import { fileURLToPath } from "node:url";
import { capture } from "../setup/capture.js";
import { elapsed, withTicks } from "../setup/progress.js";
import { pulumiVersion } from "./machine.js";
import { engineVersion } from "./version.js";

const installerUrl = "https://get.pulumi.com/install.sh";
const REACH_MS = 4_000;
const INSTALL_MS = 180_000;

/**
 * Installs the engine with the Automation API's own installer, which takes it from get.pulumi.com.
 * @param {string} folder gets `bin/pulumi` and what belongs to it
 * @param {object} options
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal} [options.signal]
 * @param {import("../setup/progress.js").Progress} options.progress
 * @param {(pid: number) => void} options.onStart told of the installer's process
 * @param {string} [options.url] what must answer for the installer to be tried
 * @param {number} [options.installMs] how long it may take
 * @returns {Promise<string | undefined>} why it failed
 */
export async function download(folder, { env, signal, progress, onStart, url = installerUrl, installMs = INSTALL_MS }) {
  const unreachable = await whyUnreachable(url, signal);
  if (unreachable !== undefined) return `${new URL(url).host}: ${unreachable}`;

  const since = Date.now();
  progress.onProgress(`Downloading Pulumi ${engineVersion} from ${new URL(url).host}`);
  const limit = AbortSignal.timeout(installMs);
  // A process of its own, because the installer cannot be told to stop.
  const args = [fileURLToPath(new URL("installer.js", import.meta.url)), folder];
  try {
    const run = await withTicks(
      progress,
      () => `Downloading Pulumi ${engineVersion}: ${elapsed(since)}`,
      () => capture(process.execPath, args, { env, onStart, signal: either(signal, limit) }),
    );
    if (run.code !== 0) return run.output.trim().split("\n").at(-1) ?? "";
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted) return `not finished after ${elapsed(since)}`;
    throw error;
  }
  if ((await pulumiVersion(`${folder}/bin/pulumi`, env)) !== engineVersion) return "what came does not run here";
  progress.onProgress(`Downloaded Pulumi ${engineVersion} in ${elapsed(since)}`);
  return undefined;
}

/** @param {string} url @param {AbortSignal | undefined} signal */
async function whyUnreachable(url, signal) {
  try {
    const answer = await fetch(url, { method: "HEAD", signal: either(signal, AbortSignal.timeout(REACH_MS)) });
    return answer.ok ? undefined : `HTTP ${answer.status}`;
  } catch (error) {
    signal?.throwIfAborted();
    const { cause, message } = /** @type {Error} */ (error);
    return cause instanceof Error ? cause.message : message;
  }
}

/** @param {AbortSignal | undefined} signal @param {AbortSignal} limit */
function either(signal, limit) {
  return signal === undefined ? limit : AbortSignal.any([signal, limit]);
}
