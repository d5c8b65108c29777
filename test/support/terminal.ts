import { spawn, spawnSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { until } from "./until.ts";

export interface Terminal {
  /** Presses keys. */
  type(text: string): void;
  /** All that was shown so far, without colors and movements of the cursor. */
  shown(): string;
  /** Waits until what was shown matches. */
  shows(what: string | RegExp): Promise<void>;
  /** Waits for the program's end; gives its exit code. */
  ended(): Promise<number | null>;
}

/** Why no pseudo-terminal can be had here; undefined when one can. */
export function terminalTrouble(): string | undefined {
  const { error, stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  return error === undefined && stdout.includes("util-linux") ? undefined : "script of util-linux is missing";
}

/** Runs a command of the shell in a pseudo-terminal, that of `script`. */
export function openTerminal(command: string, options: { cwd: string; env: Record<string, string | undefined> }) {
  const env = { ...options.env, TERM: "xterm", COLUMNS: "120" };
  const child = spawn("script", ["--quiet", "--flush", "--return", "--command", command, "/dev/null"], {
    ...{ cwd: options.cwd, env, stdio: ["pipe", "pipe", "inherit"] },
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const shown = () => stripVTControlCharacters(text).replaceAll("\r", "");
  const terminal: Terminal = {
    type: (keys) => child.stdin.write(keys),
    shown,
    shows: async (what) => {
      const isShown = () => (typeof what === "string" ? shown().includes(what) : what.test(shown()));
      await until(`the terminal shows ${String(what)}`, isShown).catch((error: unknown) => {
        throw new Error(`${String(error)}; it shows ${JSON.stringify(shown())}`);
      });
    },
    ended: () => exited,
  };
  return terminal;
}
