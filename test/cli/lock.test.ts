import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { expect, it } from "vitest";
import { locksAreStale } from "../../cli/stacks/lock.ts";

const dead = spawnSync(process.execPath, ["--version"]).pid;
const locked = (host: string, pid: number) =>
  `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.\n  file:///x/1.json: created by root@${host} (pid ${pid}) at 2026-01-01T00:00:00Z\n`;

it("holds a lock for stale only when its run was on this machine and is dead", () => {
  expect(locksAreStale(locked(hostname(), dead))).toBe(true);
  expect(locksAreStale(locked(hostname(), process.pid))).toBe(false);
  expect(locksAreStale(locked("elsewhere", dead))).toBe(false);
  expect(locksAreStale(locked(hostname(), dead) + locked(hostname(), process.pid))).toBe(false);
});

it("takes no lock away that it cannot tell the owner of", () => {
  expect(locksAreStale("error: [409] Conflict: Another update is currently in progress.")).toBe(false);
});
