import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Launch, SupervisorCommand, SupervisorReport } from "./pod-supervisor.ts";

/** One run of a pod's process. */
export interface Container {
  /** Resolves when the process runs; rejects when it cannot be started. */
  started: Promise<number>;
  /** Resolves when the process, and all it started in its group, are gone. */
  ended: Promise<void>;
  /** SIGTERM, then SIGKILL for what is left after the grace. */
  stop(graceMs: number): Promise<void>;
}

export function startContainer(launch: Launch): Container {
  const supervisor = fork(join(import.meta.dirname, "pod-supervisor.ts"), [], {
    // Nothing of this process's environment, and out of the reach of Ctrl-C in its terminal.
    env: {},
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const ended = once(supervisor, "exit").then(() => undefined);
  const started = new Promise<number>((resolve, reject) => {
    supervisor.on("message", ({ startedPid }: SupervisorReport) => resolve(startedPid));
    void ended.then(() => reject(new Error(`${launch.command} could not be started; see ${launch.log}`)));
  });
  // Whoever only waits for the end has no use for it.
  started.catch(() => undefined);
  tell(supervisor, { launch });
  return {
    started,
    ended,
    stop: async (graceMs) => {
      tell(supervisor, { stopWithin: graceMs });
      await ended;
    },
  };
}

function tell(supervisor: ChildProcess, command: SupervisorCommand): void {
  // It may have ended a moment ago, which is what `ended` says.
  if (supervisor.connected) supervisor.send(command, () => undefined);
}
