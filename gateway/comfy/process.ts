import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Log, messageOf } from "../log.ts";
import { signalGroup, startGuard } from "./guard.ts";
import type { ComfyServer } from "./server.ts";
import { createStateCell } from "./state-cell.ts";

export interface ComfyProcessOptions {
  /** Program and arguments. */
  command: readonly string[];
  env: Record<string, string>;
  /** Whether ComfyUI is up. */
  answers: () => Promise<boolean>;
  log: Log;
  /** How long a start may take: nodes and their packages are imported in it. */
  startTimeoutMs?: number;
  /** How often ComfyUI is asked whether it is up. */
  probeMs?: number;
  /** Wait before the first restart; doubled from restart to restart. */
  restartMs?: number;
  /** From SIGTERM to SIGKILL. */
  killAfterMs?: number;
}

// One that was never of use is broken, not unlucky: a new try would find the same.
const mostFirstStarts = 3;
// What keeps one that was of use from coming up again may pass, such as memory that another process still holds.
const mostLaterStarts = 8;
const longestRestartMs = 30_000;

/** ComfyUI as a child that is kept alive. */
export function createComfyProcess(options: ComfyProcessOptions): ComfyServer {
  const { command, env, answers, log } = options;
  const { startTimeoutMs = 600_000, probeMs = 100, restartMs = 1000, killAfterMs = 2000 } = options;
  const stopping = new AbortController();
  const cell = createStateCell();
  let child: Child | undefined;
  let accepted = false;
  let supervision: Promise<void> = Promise.resolve();

  /** One life of ComfyUI; answers whether it ever was up, and how it ended. */
  const live = async (): Promise<{ wasUp: boolean; reason: string }> => {
    child = spawnChild(command, env, log);
    const up = await comesUp(child, answers, startTimeoutMs, probeMs);
    if (up) {
      log.info("comfyui is up");
      cell.become({ kind: "up" });
    } else if (!hasEnded(child)) {
      await endGroup(child, killAfterMs);
      return { wasUp: false, reason: `it did not answer within ${startTimeoutMs / 1000} s` };
    }
    const how = await child.ended;
    return { wasUp: up, reason: child.replacedFor ?? how };
  };

  const startsAgain = (reason: string): void =>
    cell.become({ kind: "starting", detail: `ComfyUI is started again: ${reason}` });

  const replace = (reason: string): void => {
    if (child === undefined || hasEnded(child)) return;
    child.replacedFor = reason;
    // Nobody takes it for one that is up in the time it takes to end.
    startsAgain(reason);
    void endGroup(child, killAfterMs);
  };

  const supervise = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      const { wasUp, reason } = await live();
      if (stopping.signal.aborted) return;
      failures = wasUp && accepted ? 1 : failures + 1;
      log.error("comfyui ended", { reason });
      if (accepted ? failures > mostLaterStarts : failures >= mostFirstStarts) {
        const how = accepted ? "start any more" : wasUp ? "stay up" : "start";
        cell.become({ kind: "failed", reason: `ComfyUI does not ${how}: ${reason}` });
        return;
      }
      startsAgain(reason);
      const pause = Math.min(longestRestartMs, restartMs * 2 ** (failures - 1));
      const stopped = await sleep(pause, false, { signal: stopping.signal }).catch(() => true);
      if (stopped) return;
    }
  };

  return {
    start: () => {
      supervision = supervise();
    },
    state: cell.state,
    whenUp: cell.whenUp,
    accept: () => {
      accepted = true;
    },
    replace,
    // The next one knows of no prompt.
    free: (promptId) => {
      replace(`prompt ${promptId} went on although it was told to stop`);
      return true;
    },
    stop: async () => {
      stopping.abort();
      if (child !== undefined) await endGroup(child, killAfterMs);
      await supervision;
    },
  };
}

interface Child {
  handle: ChildProcess;
  /** How it ended, as a clause. */
  ended: Promise<string>;
  /** Why it was ended; undefined unless it was replaced. */
  replacedFor: string | undefined;
}

function spawnChild(command: readonly string[], env: Record<string, string>, log: Log): Child {
  const [program = "", ...args] = command;
  // Left behind by a killed gateway, it would hold its port and the GPU's memory against the next one's.
  const guard = startGuard(log);
  // A group of its own, so that what ComfyUI starts ends with it. Its stdin closes when the gateway dies.
  const handle = spawn(program, args, { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  if (handle.pid !== undefined) guard.watch(handle.pid);
  const ended = new Promise<string>((resolve) => {
    handle.on("error", (error) => {
      guard.release();
      resolve(`it cannot be run: ${messageOf(error)}`);
    });
    handle.on("exit", (code, signal) => {
      // Whatever it left behind.
      signalGroup(handle.pid, "SIGKILL");
      guard.release();
      resolve(signal === null ? `it ended with code ${String(code)}` : `it was ended by ${signal}`);
    });
  });
  logLines(handle.stdout, log);
  logLines(handle.stderr, log);
  return { handle, ended, replacedFor: undefined };
}

function logLines(stream: Readable, log: Log): void {
  createInterface({ input: stream }).on("line", (line) => log.info("comfyui", { line }));
}

/** One that could not even be started has no process id. */
const hasEnded = ({ handle }: Child): boolean =>
  handle.pid === undefined || handle.exitCode !== null || handle.signalCode !== null;

/** true once ComfyUI answers; false when it ends before, or takes too long. */
async function comesUp(
  child: Child,
  answers: () => Promise<boolean>,
  timeoutMs: number,
  probeMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && !hasEnded(child)) {
    if (await answers()) return !hasEnded(child);
    await sleep(probeMs);
  }
  return false;
}

/** Ends a process and all of its group: politely, then for sure. */
async function endGroup(child: Child, killAfterMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const { handle, ended } = child;
  signalGroup(handle.pid, "SIGTERM");
  const timer = setTimeout(() => signalGroup(handle.pid, "SIGKILL"), killAfterMs);
  await ended;
  clearTimeout(timer);
}
