import { spawn } from "node:child_process";

/**
 * @typedef {object} Captured
 * @property {number | null} code exit code; null when a signal ended the process, or when it could not be started
 * @property {string} stdout
 * @property {string} output stdout and stderr together, as they came
 * @property {NodeJS.ErrnoException} [failure] why the process could not be started
 */

const KILL_AFTER_MS = 5_000;

/**
 * Runs a program to its end with nothing on stdin, keeping what it prints. Does not throw for a program that fails.
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env] instead of this process's
 * @param {AbortSignal} [options.signal] ends the program, and everything it started; its reason is then thrown
 * @param {(text: string) => void} [options.onOutput] gets what is printed, as it comes
 * @param {(pid: number) => void} [options.onStart]
 * @returns {Promise<Captured>}
 */
export async function capture(command, args, { cwd, env, signal, onOutput, onStart } = {}) {
  signal?.throwIfAborted();
  // A process group of its own, so that stopping reaches what the program has started too (a compiler, a download).
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let stdout = "";
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      if (stream === child.stdout) stdout += text;
      output += text;
      onOutput?.(text);
    });
  }

  /** @type {NodeJS.Timeout | undefined} */
  let killing;
  const stop = () => {
    killGroup(child.pid, "SIGTERM");
    killing = setTimeout(() => killGroup(child.pid, "SIGKILL"), KILL_AFTER_MS);
  };
  signal?.addEventListener("abort", stop, { once: true });
  // Whatever ends this process without ceremony takes the program along.
  const leave = () => killGroup(child.pid, "SIGKILL");
  process.once("exit", leave);
  try {
    if (child.pid !== undefined) onStart?.(child.pid);
    /** @type {{code: number | null, failure?: NodeJS.ErrnoException}} */
    const ended = await new Promise((resolve) => {
      child.once("error", (failure) => resolve({ code: null, failure }));
      child.once("close", (code) => resolve({ code }));
    });
    signal?.throwIfAborted();
    return { ...ended, stdout, output };
  } catch (error) {
    // Nothing goes on behind the back of a caller who was told that it broke off.
    killGroup(child.pid, "SIGKILL");
    throw error;
  } finally {
    clearTimeout(killing);
    signal?.removeEventListener("abort", stop);
    process.removeListener("exit", leave);
  }
}

/** @param {number | undefined} pid @param {NodeJS.Signals} signal */
function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
