import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { elapsed, progressPrinter, withTicks } from "../../../scripts/setup/progress.js";

const minute = 60_000;

/** What is printed to a stream when a step is told, then two ticks where they are wanted, then another step. */
async function printed(isTTY: boolean, columns = 80): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY, columns });
  const { onProgress, onTick } = progressPrinter(stream as unknown as NodeJS.WriteStream);
  onProgress("Building");
  onTick?.("Building: 1 s");
  onTick?.("");
  onProgress("Built");
  stream.end();
  return text(stream);
}

describe("the progress printer", () => {
  it("keeps a live line on a terminal, which steps write over", async () => {
    expect(await printed(true)).toBe("\r\x1b[KBuilding\n\r\x1b[KBuilding: 1 s\r\x1b[K\r\x1b[KBuilt\n");
  });

  it("cuts the live line to the terminal's width, because one that wraps cannot be cleared", async () => {
    expect(await printed(true, 10)).toBe("\r\x1b[KBuilding\n\r\x1b[KBuilding:\r\x1b[K\r\x1b[KBuilt\n");
  });

  it("prints nothing but lines where there is no terminal", async () => {
    expect(await printed(false)).toBe("Building\nBuilt\n");
  });
});

describe("work that takes long", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const minuteOfWork = () => new Promise<string>((resolve) => setTimeout(() => resolve("done"), minute));

  it("ticks every second where ticks are wanted, and clears the live line at its end", async () => {
    const lines: string[] = [];
    const ticks: string[] = [];
    const progress = {
      onProgress: (line: string) => void lines.push(line),
      onTick: (tick: string) => void ticks.push(tick),
    };
    const work = withTicks(progress, () => `at ${elapsed(0)}`, minuteOfWork);
    await vi.advanceTimersByTimeAsync(3_500);
    expect(ticks).toEqual(["at 1 s", "at 2 s", "at 3 s"]);
    await vi.advanceTimersByTimeAsync(minute);
    expect(await work).toBe("done");
    expect(ticks.at(-1)).toBe("");
    expect(lines).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is a line every 20 seconds elsewhere", async () => {
    const lines: string[] = [];
    const work = withTicks({ onProgress: (line) => void lines.push(line) }, () => `at ${elapsed(0)}`, minuteOfWork);
    await vi.advanceTimersByTimeAsync(2 * minute);
    expect(await work).toBe("done");
    expect(lines).toEqual(["at 20 s", "at 40 s"]);
  });

  it("stops ticking when it fails", async () => {
    const ticks: string[] = [];
    const progress = { onProgress: () => undefined, onTick: (tick: string) => void ticks.push(tick) };
    const work = withTicks(
      progress,
      () => "at it",
      () => Promise.reject(new Error("failed")),
    );
    await expect(work).rejects.toThrow("failed");
    expect(ticks).toEqual([""]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [0, "0 s"],
    [8_400, "8 s"],
    [59_400, "59 s"],
    [59_600, "1 min 0 s"],
    [283_000, "4 min 43 s"],
  ])("has taken, after %i ms, %s", (milliseconds, expected) => {
    vi.setSystemTime(milliseconds);
    expect(elapsed(0)).toBe(expected);
  });
});
