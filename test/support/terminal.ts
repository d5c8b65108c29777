import { spawn, spawnSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { until } from "./until.ts";

export interface Terminal {
  /** Presses keys. */
  type(text: string): void;
  /** All that was written so far, with colors and movements of the cursor. */
  written(): string;
  /** The same without these. */
  shown(): string;
  /** Waits until what was shown matches. */
  shows(what: string | RegExp, seconds?: number): Promise<void>;
  /** Waits for the program's end; gives its exit code. */
  ended(): Promise<number | null>;
}

/** Why no pseudo-terminal can be had here; undefined when one can. */
export function terminalTrouble(): string | undefined {
  const { error, stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  return error === undefined && stdout.includes("util-linux") ? undefined : "script of util-linux is missing";
}

interface TerminalOptions {
  cwd: string;
  env: Record<string, string | undefined>;
  /** Width of the terminal; without it programs are not told one. */
  columns?: number;
}

/** Runs a command of the shell in a pseudo-terminal, that of `script`. */
export function openTerminal(command: string, { cwd, env, columns }: TerminalOptions) {
  const line = columns === undefined ? command : `stty cols ${columns} rows 50; ${command}`;
  const child = spawn("script", ["--quiet", "--flush", "--return", "--command", line, "/dev/null"], {
    ...{ cwd, env: { ...env, TERM: "xterm", COLUMNS: "120" }, stdio: ["pipe", "pipe", "inherit"] },
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const shown = () => stripVTControlCharacters(text).replaceAll("\r", "");
  const terminal: Terminal = {
    type: (keys) => child.stdin.write(keys),
    shown,
    written: () => text,
    shows: async (what, seconds) => {
      const isShown = () => (typeof what === "string" ? shown().includes(what) : what.test(shown()));
      await until(`the terminal shows ${String(what)}`, isShown, seconds).catch((error: unknown) => {
        throw new Error(`${String(error)}; it shows ${JSON.stringify(shown())}`);
      });
    },
    ended: () => exited,
  };
  return terminal;
}
