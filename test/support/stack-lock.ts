import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** Locks a stack as a run does that was killed. */
export function leaveLock(backend: string, stack: string): void {
  const locks = join(backend, ".pulumi/locks/organization/comfy-endpoints", stack);
  mkdirSync(locks, { recursive: true });
  const lock = { pid: spawnSync(process.execPath, ["--version"]).pid, username: "me", hostname: hostname() };
  writeFileSync(join(locks, "1.json"), JSON.stringify({ ...lock, timestamp: "2026-01-01T00:00:00Z" }));
}
