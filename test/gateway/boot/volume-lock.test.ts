import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type HolderProgress,
  isDead,
  takeLock,
  thisProcess,
  type VolumeLock,
} from "../../../gateway/boot/volume-lock.ts";
import { until } from "../../support/until.ts";

let folder: string;
const held: VolumeLock[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-lock-"));
});
afterEach(async () => {
  for (const lock of held.splice(0)) await lock.release();
  rmSync(folder, { recursive: true, force: true });
});

/** A pod that takes the lock; tests give it its progress and hear what it saw. */
async function take(
  pod: string,
  staleMs = 60_000,
  seen: HolderProgress[] = [],
  abort?: AbortSignal,
): Promise<VolumeLock> {
  const lock = await takeLock(
    {
      ...{ folder, name: "m.lock", me: thisProcess(pod), beatMs: 10, staleMs },
      progress: () => ({ bytes: 7, size: 9 }),
      onWait: ({ bytes, size }) => seen.push({ bytes, size }),
    },
    abort ?? new AbortController().signal,
  );
  held.push(lock);
  return lock;
}

/** What a holder that died left behind. */
const leave = (generation: number, note: unknown): void => {
  writeFileSync(join(folder, `m.lock.${generation}`), JSON.stringify(note));
};
const dead = { holder: "h", pod: "gone", host: "elsewhere", pid: 1, beat: 5, bytes: 1, size: 2 };

describe("a lock on a volume", () => {
  it("has one holder; the next one waits, and sees how far that is", async () => {
    const first = await take("a");
    const seen: HolderProgress[] = [];
    let second: VolumeLock | undefined;
    const waiting = take("b", 60_000, seen).then((lock) => (second = lock));
    await until("the second looked", () => seen.length > 3);
    expect([seen[0], second]).toEqual([{ bytes: 7, size: 9 }, undefined]);
    await first.release();
    held.splice(held.indexOf(first), 1);
    await waiting;
    expect(readdirSync(folder)).toEqual(["m.lock.1"]);
  });

  it("is held by exactly one of many who want it, one after the other", async () => {
    let inside = 0;
    let most = 0;
    const enter = async (pod: string): Promise<void> => {
      const lock = await take(pod);
      most = Math.max(most, ++inside);
      await lock.check();
      inside--;
      held.splice(held.indexOf(lock), 1);
      await lock.release();
    };
    await Promise.all(Array.from({ length: 12 }, (_, at) => enter(`pod${at}`)));
    expect([most, readdirSync(folder)]).toEqual([1, []]);
  });

  it("of a holder that stood still is taken over, by one of those who wait", async () => {
    leave(3, dead);
    const winners: string[] = [];
    const ending = new AbortController();
    const losers = ["a", "b", "c"].map((pod) =>
      take(pod, 100, [], ending.signal).then(
        () => winners.push(pod),
        () => undefined,
      ),
    );
    await until("one has it", () => winners.length > 0);
    // The winner beats: the others wait on.
    await until("the lock is the next generation", () => readdirSync(folder).join() === "m.lock.4");
    expect(winners).toHaveLength(1);
    ending.abort();
    await Promise.all(losers);
  });

  it("is not taken from a holder that beats, however long it takes", async () => {
    await take("a");
    const seen: HolderProgress[] = [];
    const ending = new AbortController();
    const waiting = take("b", 60, seen, ending.signal).catch(() => "waited");
    await until("the other looked often", () => seen.length > 20);
    ending.abort();
    expect(await waiting).toBe("waited");
  });

  it("that was taken over is lost to a holder that comes back to life", async () => {
    const lock = await take("a");
    leave(2, dead);
    await until("it notices", () => lock.lost.aborted);
    await expect(lock.check()).rejects.toThrow("another pod took the lock over");
  });

  it.each([
    ["has released it", []],
    ["has released it to a third one", [{ ...dead, holder: "third" }]],
  ])("that was taken over by one that %s is lost all the same", async (_, left) => {
    const lock = await take("a");
    rmSync(join(folder, "m.lock.1"));
    for (const note of left) leave(1, note);
    await expect(lock.check()).rejects.toThrow("another pod took the lock over");
    held.splice(held.indexOf(lock), 1);
    await lock.release();
    expect(readdirSync(folder)).toEqual(left.map(() => "m.lock.1"));
  });

  it("that holds no note, as of a crash just after it was created, is taken over too", async () => {
    writeFileSync(join(folder, "m.lock.1"), "");
    await take("a", 50);
    expect(readdirSync(folder)).toEqual(["m.lock.2"]);
  });

  it("is taken at once from an earlier process of the same pod", async () => {
    leave(1, { ...dead, pod: "a" });
    await take("a");
    expect(readdirSync(folder)).toEqual(["m.lock.2"]);
  });
});

describe("a holder", () => {
  const me = { holder: "me", pod: "p", host: "h", pid: 10 };
  const runs = (pid: number): boolean => pid === 77;
  it.each([
    ["another pod's is not judged", { pod: "q", host: "h", pid: 5 }, me, false],
    ["one that runs on the same machine is alive", { pod: "p", host: "h", pid: 77 }, me, false],
    ["one whose process is gone is dead", { pod: "p", host: "h", pid: 5 }, me, true],
    ["one with our own process id is an earlier one", { pod: "p", host: "h", pid: 10 }, me, true],
    ["one of an earlier container of the pod is dead", { pod: "p", host: "i", pid: 77 }, me, true],
    [
      "one of a machine outside RunPod may live elsewhere",
      { pod: "local", host: "i", pid: 5 },
      { ...me, pod: "local" },
      false,
    ],
  ])("%s", (_, note, who, expected) => {
    expect(isDead(note, who, runs)).toBe(expected);
  });
});
