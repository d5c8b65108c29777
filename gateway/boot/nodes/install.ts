import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { NodePack } from "../../../contract/nodes/packs.ts";
import { signalGroup, startGuard } from "../../comfy/guard.ts";
import { type Log, messageOf } from "../../log.ts";

export interface InstallOptions {
  /** ComfyUI's folder. */
  comfy: string;
  /** The Python that ComfyUI runs on. */
  python: string;
  /** What the packs' own set-up code may know. */
  env: Record<string, string>;
  log: Log;
}

/** A pack was not installed; the message is what was said last. */
export class InstallError extends Error {
  /** The last lines that were said. */
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.lines = lines;
  }
}

const program = join(import.meta.dirname, "../../../docker/install_plugins.py");
const rememberedLines = 20;

/**
 * Fetches a pack at its commit and installs its packages.
 * @throws {InstallError}
 */
export async function installPack(
  { repo, ref, folder }: NodePack,
  { comfy, python, env, log }: InstallOptions,
  abort: AbortSignal,
): Promise<void> {
  abort.throwIfAborted();
  const lines: string[] = [];
  // Left behind by a killed gateway, it would be in the next one's way.
  const guard = startGuard(log);
  // A group of its own, so that git and pip end with it.
  const child = spawn(python, [program, JSON.stringify([{ repo, ref, folder }]), comfy], {
    ...{ env, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      log.info("node pack", { folder, line });
      lines.push(line);
      if (lines.length > rememberedLines) lines.shift();
    });
  }
  if (child.pid !== undefined) guard.watch(child.pid);
  const end = (): void => signalGroup(child.pid, "SIGKILL");
  try {
    abort.addEventListener("abort", end, { once: true });
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once("error", reject);
      // Once all that was said has been read.
      child.once("close", (exitCode, signal) => resolve(exitCode ?? String(signal)));
    });
    abort.throwIfAborted();
    if (code !== 0) throw new InstallError(lines.at(-1) ?? `it ended with ${code}, without a word`, lines);
  } catch (error) {
    if (abort.aborted || error instanceof InstallError) throw error;
    throw new InstallError(`${python} cannot be run: ${messageOf(error)}`, lines, { cause: error });
  } finally {
    abort.removeEventListener("abort", end);
    guard.release();
  }
}
