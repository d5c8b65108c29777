import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../contract/errors.ts";

export interface LocalRunPod {
  url: string;
  pid: number;
  /** What points a deployment at it. */
  env: Record<string, string>;
}

const startDeadlineMs = 20_000;

/**
 * Starts the local RunPod as a process of its own group, so that Ctrl-C reaches the demo alone, which ends it in order.
 * @param outlive keeps it running when the demo ends; otherwise it ends with the demo, however that ends
 */
export async function startLocalRunPod(folder: string, outlive: boolean): Promise<LocalRunPod> {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, "runpod.log");
  const output = openSync(log, "w");
  const args = ["local/main.ts", "--port", "0", "--json", "--data", join(folder, "pods")];
  const child = spawn(process.execPath, outlive ? args : [...args, "--exit-with-stdin"], {
    cwd: join(import.meta.dirname, "../.."),
    detached: true,
    stdio: [outlive ? "ignore" : "pipe", output, output],
  });
  closeSync(output);
  const { apiBaseUrl, apiKey, proxyUrl } = await firstLine(
    log,
    () => child.exitCode !== null || child.signalCode !== null,
  );
  child.unref();
  return {
    url: apiBaseUrl,
    pid: child.pid ?? 0,
    env: { RUNPOD_API_BASE_URL: apiBaseUrl, RUNPOD_PROXY_URL: proxyUrl, RUNPOD_API_KEY: apiKey },
  };
}

/** Ends it with all of its pods. */
export async function stopLocalRunPod(pid: number): Promise<void> {
  if (!signal(pid, "SIGTERM")) return;
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    if (!signal(pid, 0)) return;
    await sleep(50);
  }
  signal(pid, "SIGKILL");
}

/** What it prints once it answers. */
async function firstLine(
  log: string,
  ended: () => boolean,
): Promise<{ apiBaseUrl: string; apiKey: string; proxyUrl: string }> {
  const deadline = Date.now() + startDeadlineMs;
  while (Date.now() < deadline) {
    const [line, rest] = readFileSync(log, "utf8").split("\n", 2);
    if (line !== undefined && rest !== undefined && line.startsWith("{")) {
      return JSON.parse(line) as Awaited<ReturnType<typeof firstLine>>;
    }
    if (ended()) break;
    await sleep(50);
  }
  throw new UserError(`the local RunPod did not start: ${readFileSync(log, "utf8").trim() || "it printed nothing"}`);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
