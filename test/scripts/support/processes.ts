import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import { until } from "../../support/until.ts";

export const repository = join(import.meta.dirname, "../../..");

export interface Ended {
  /** Exit code, or the signal that ended it. */
  code: number | NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  pid: number;
  ended: Promise<Ended>;
  stdout: () => string;
  stderr: () => string;
  /** Waits until it has printed that to stdout. */
  prints: (text: string) => Promise<void>;
  closeStdin: () => void;
}

/** Starts Node in a process group of its own, with no environment but the given one. The group ends with the test. */
export function startNode(args: string[], options: { env?: Record<string, string>; cwd?: string } = {}): Started {
  const { env = {}, cwd } = options;
  const child = spawn(process.execPath, args, { cwd, env, stdio: "pipe", detached: true });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${process.execPath} was not started`);
  const printed = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.stderr += text));
  const ended = new Promise<Ended>((resolve) =>
    child.once("close", (code, signal) => resolve({ code: code ?? signal, ...printed })),
  );
  onTestFinished(() => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // All of it has ended.
    }
  });
  return {
    pid,
    ended,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    prints: (text) =>
      until(`printing ${JSON.stringify(text)}`, () => {
        if (child.exitCode !== null && printed.stderr !== "") throw new Error(printed.stderr);
        return printed.stdout.includes(text);
      }),
    closeStdin: () => child.stdin.end(),
  };
}

/** Starts a module that is given as text, `args` being its process.argv[1] and so on. */
export function startModule(source: string, args: string[] = [], env: Record<string, string> = {}): Started {
  return startNode(["--input-type=module", "-e", source, "--", ...args], { env });
}

/** A file of scripts/ as an import of `startModule` writes it. */
export const script = (path: string) => JSON.stringify(pathToFileURL(join(repository, "scripts", path)).href);
