/**
 * The parent of one container. It is a process of its own, so that containers end with the local RunPod even when that
 * is killed without warning: its channel then closes, and the supervisor ends the container.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { appendLog } from "./container-log.ts";

/** Told once, over the channel: an environment on the command line could be read by everybody. */
export interface Launch {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  log: string;
}

export type SupervisorCommand = { launch: Launch } | { stopWithin: number };
export type SupervisorReport = { startedPid: number };

// More than the gateway gives ComfyUI: killed before it has done so, it would leave ComfyUI behind.
const graceWithoutHostMs = 5000;
const longestFarewellMs = 3000;

let container: ChildProcess | undefined;

process.on("message", (command: SupervisorCommand) => {
  if ("launch" in command) launch(command.launch);
  else stop(command.stopWithin);
});
process.on("disconnect", () => stop(graceWithoutHostMs));

function launch({ command, args, cwd, env, log }: Launch): void {
  // A process group of its own: everything the container starts in it can be ended at once.
  container = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [container.stdout, container.stderr]) {
    if (stream !== null) createInterface(stream).on("line", (line) => appendLog(log, "container", line));
  }
  container.on("spawn", () => process.send?.({ startedPid: container?.pid ?? 0 } satisfies SupervisorReport));
  container.on("error", (error) => appendLog(log, "system", error.message));
  container.on("exit", (exitCode, signal) => {
    appendLog(log, "system", `container exited with ${signal ?? exitCode ?? 1}`);
    signalGroup("SIGKILL");
    // What left the group holds the pipes: it is waited for, but not for ever.
    setTimeout(() => process.exit(0), longestFarewellMs);
  });
  container.on("close", () => process.exit(0));
}

function stop(graceMs: number): void {
  if (container === undefined) process.exit(0);
  signalGroup("SIGTERM");
  setTimeout(() => signalGroup("SIGKILL"), graceMs);
}

function signalGroup(signal: NodeJS.Signals): void {
  try {
    if (container?.pid !== undefined) process.kill(-container.pid, signal);
  } catch {
    // The group is gone already.
  }
}
