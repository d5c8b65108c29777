import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const ours = join(import.meta.dirname, "../../cli/main.ts");

export interface CendRun {
  /** Exit code, or the signal that ended it. */
  code: number | NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

interface CendOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
  /** The command line of another copy of this project. */
  main?: string;
}

/** Starts the command line as a process of its own, its output piped. */
export function startCend(args: readonly string[], { main = ours, ...options }: CendOptions) {
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...options.env };
  const child = spawn(process.execPath, [main, ...args], { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const code = new Promise<CendRun["code"]>((resolve) => child.once("exit", (exit, signal) => resolve(exit ?? signal)));
  const ended = Promise.all([code, text(child.stdout), text(child.stderr)]);
  return { child, ended: ended.then(([exit, stdout, stderr]): CendRun => ({ code: exit, stdout, stderr })) };
}
