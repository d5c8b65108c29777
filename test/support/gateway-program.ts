import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { until } from "./until.ts";

const main = join(import.meta.dirname, "../../gateway/main.ts");

/** The gateway's program as a process of its own, started with flags. */
export interface GatewayProgram {
  process: ChildProcess;
  /** Both as they were written. */
  stdout(): string;
  stderr(): string;
  /** Waits for it to end; answers its exit code. */
  exit(): Promise<number | null>;
  /** Waits until it listens; answers its address. */
  url(): Promise<string>;
  /** Ends it at once, if it has not ended. */
  kill(): Promise<void>;
}

export function startGatewayProgram(
  flags: readonly string[],
  options: {
    cwd: string;
    env: Record<string, string | undefined>;
    /** Another program that starts a gateway, with what Node needs for it. */
    program?: readonly string[];
  },
): GatewayProgram {
  const program = options.program ?? [main];
  const env = { PATH: process.env["PATH"], ...options.env };
  const child = spawn(process.execPath, [...program, ...flags], {
    ...{ cwd: options.cwd, env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close") as Promise<[number | null]>;
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (output.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output.stderr += data.toString()));
  const listening = () => /"host":"([^"]+)","port":(\d+),"msg":"gateway listens"/.exec(output.stdout);
  return {
    process: child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exit: async () => (await closed)[0],
    url: async () => {
      await until("the gateway listens", () => listening() !== null || child.exitCode !== null);
      const [, host, port] = listening() ?? [];
      if (port === undefined) throw new Error(`the gateway ended: ${output.stderr}`);
      return `http://${host}:${port}`;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
