import { spawn } from "node:child_process";
import { constants } from "node:os";

/** @type {NodeJS.Signals[]} */
const passedOn = ["SIGINT", "SIGTERM"];
// Long enough for a busy machine to tell that the witness died.
const DECIDE_MS = 400;

/**
 * Runs a program in the foreground, to its end: it has this process's terminal, and gets SIGINT and SIGTERM exactly
 * once each time.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd: string, env: NodeJS.ProcessEnv}} options
 * @returns {Promise<number>} its exit code; 128 + n when signal n ended it
 */
export async function runChild(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: "inherit" });
  const release = passSignalsOn(child);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(code ?? exitCodeOf(signal ?? "SIGKILL")));
    });
  } finally {
    release();
  }
}

/**
 * @param {NodeJS.Signals} signal
 * @returns {number} what a shell gives for a program that the signal ended
 */
export function exitCodeOf(signal) {
  return 128 + constants.signals[signal];
}

/**
 * A terminal sends Ctrl-C to the child as well as to this process, `kill` only to this process, and npm passes on what
 * it gets in either case: the same signal arrives here once or twice, and the child has it or not. A program that takes
 * a second signal as "at once, without cleaning up" must not get one too many. A witness in the same process group
 * tells: it dies of a signal that was sent to all of them.
 * @param {import("node:child_process").ChildProcess} child
 * @returns {() => void} ends it
 */
function passSignalsOn(child) {
  let witness = startWitness();
  let deciding = false;

  /** @param {NodeJS.Signals} signal */
  const settle = (signal) => {
    deciding = false;
    const sentToAll = witness.signalCode !== null;
    if (sentToAll) witness = startWitness();
    else child.kill(signal);
  };

  /** @param {NodeJS.Signals} signal */
  const decide = (signal) => {
    if (deciding) return;
    deciding = true;
    // On a busy machine this process may be late itself: first hear what has happened meanwhile.
    setTimeout(() => setImmediate(settle, signal), DECIDE_MS);
  };
  for (const signal of passedOn) process.on(signal, decide);
  return () => {
    for (const signal of passedOn) process.removeListener(signal, decide);
    witness.kill("SIGKILL");
  };
}

function startWitness() {
  // Ends by itself when this process does, because then its stdin ends.
  const witness = spawn("cat", { stdio: ["pipe", "ignore", "ignore"] });
  witness.on("error", () => undefined);
  witness.unref();
  return witness;
}
