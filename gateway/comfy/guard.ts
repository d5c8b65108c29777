import { spawn } from "node:child_process";
import { type Log, messageOf } from "../log.ts";

/** Sees that a process group ends with this process, also when that is killed and can do nothing more about it. */
export interface Guard {
  /** The group to end. */
  watch(groupId: number): void;
  /** The group is gone: nothing is left to do. */
  release(): void;
}

// A line is the group, a second one the release; without it, the end of its input is the end of whoever wrote to it.
const script = 'read -r group && ! read -r released && kill -s KILL -- "-$group"';

/** Started before what it guards, so that there is hardly a moment without it. */
export function startGuard(log: Log): Guard {
  // A group of its own, out of reach of what ends ours.
  const guard = spawn("/bin/sh", ["-c", script], { env: {}, detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.on("error", (error) =>
    log.warn("what the gateway starts would outlive it when it is killed", { error: messageOf(error) }),
  );
  // One that was ended reads no more.
  guard.stdin.on("error", () => undefined);
  return {
    watch: (groupId) => guard.stdin.write(`${groupId}\n`),
    release: () => guard.stdin.end("released\n"),
  };
}

/** @param groupId undefined for a process that could not even be started */
export function signalGroup(groupId: number | undefined, signal: NodeJS.Signals): void {
  if (groupId === undefined) return;
  try {
    process.kill(-groupId, signal);
  } catch {
    // No such group: it is gone already.
  }
}
