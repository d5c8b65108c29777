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
  // A process of its own, because the installer cannot be told to stop.
  const args = [fileURLToPath(new URL("installer.js", import.meta.url)), folder];
  const run = await withTicks(
    progress,
    () => `Downloading Pulumi ${engineVersion}: ${elapsed(since)}`,
    () => within(installMs, signal, (either) => capture(process.execPath, args, { env, onStart, signal: either })),
  );
  if (run === undefined) return `not finished after ${elapsed(since)}`;
  if (run.code !== 0) return run.output.trim().split("\n").at(-1) ?? "";
  if ((await pulumiVersion(`${folder}/bin/pulumi`, env)) !== engineVersion) return "what came does not run here";
  progress.onProgress(`Downloaded Pulumi ${engineVersion} in ${elapsed(since)}`);
  return undefined;
}

/** @param {string} url @param {AbortSignal | undefined} signal */
async function whyUnreachable(url, signal) {
  try {
    const answer = await within(REACH_MS, signal, (either) => fetch(url, { method: "HEAD", signal: either }));
    if (answer === undefined) return `no answer within ${REACH_MS / 1000} s`;
    return answer.ok ? undefined : `HTTP ${answer.status}`;
  } catch (error) {
    signal?.throwIfAborted();
    const { cause, message } = /** @type {Error & {cause?: NodeJS.ErrnoException}} */ (error);
    // A host with several addresses, none of which answers, gives an error without a message.
    return cause?.message || cause?.code || message;
  }
}

/**
 * AbortSignal.any, with a limit that nobody else refers to, would let the garbage collector of Node 20 take the limit.
 * @template T
 * @param {number} milliseconds
 * @param {AbortSignal | undefined} signal ends the work early; its reason is then thrown
 * @param {(either: AbortSignal) => Promise<T>} work
 * @returns {Promise<T | undefined>} undefined when the time was up
 */
async function within(milliseconds, signal, work) {
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  const timer = setTimeout(end, milliseconds);
  signal?.addEventListener("abort", end);
  try {
    signal?.throwIfAborted();
    return await work(ending.signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (ending.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}
