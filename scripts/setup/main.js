import { engine, engineEnv } from "../engine/index.js";
import { dependencies } from "./dependencies.js";
import { nodeEnv } from "./node.js";
import { root } from "./paths.js";
import { progressPrinter } from "./progress.js";
import { exitCodeOf, runChild } from "./run-child.js";
import { Interrupted, SetupError } from "./setup-error.js";
import { taskOf } from "./tasks.js";

/** SIGHUP too: what set-up starts has no terminal, and would go on after the user's has been closed.
 * @type {NodeJS.Signals[]}
 */
const interruptions = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Sets up what a task needs, then runs it.
 * @param {string[]} words the task's name and its arguments
 */
export async function main([name = "", ...args]) {
  const interruption = new AbortController();
  const interrupt = (/** @type {NodeJS.Signals} */ signal) => interruption.abort(new Interrupted(signal));
  for (const signal of interruptions) process.on(signal, interrupt);
  try {
    const task = taskOf(name);
    const { command, env } = await prepare(task, interruption.signal);
    interruption.signal.throwIfAborted();
    for (const signal of interruptions) process.removeListener(signal, interrupt);
    process.exitCode = await runChild(command, [...task.args, ...args], {
      cwd: task.inPlace ? process.cwd() : root,
      env,
    });
  } catch (error) {
    process.exitCode = tell(error);
  }
}

/**
 * @param {import("./tasks.js").Task} task
 * @param {AbortSignal} signal
 * @returns {Promise<{command: string, env: NodeJS.ProcessEnv}>}
 */
async function prepare(task, signal) {
  const progress = progressPrinter();
  const node = await dependencies({ ...progress, env: process.env, signal });
  const env = nodeEnv(node, process.env);
  if (task.needs === "node") return { command: node, env };
  const found = await engine({ ...progress, env, signal });
  return {
    command: task.runs === "pulumi" ? found.pulumi : node,
    env: { ...engineEnv(found, env, node), COMFY_ENDPOINTS_ENGINE_DIR: found.binDir },
  };
}

/**
 * @param {unknown} error
 * @returns {number} exit code
 */
function tell(error) {
  if (error instanceof Interrupted) {
    process.stderr.write("interrupted\n");
    return exitCodeOf(error.signal);
  }
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  return 1;
}
