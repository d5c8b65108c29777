import { appendFileSync, existsSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appendLog, readLog } from "../../../local/host/container-log.ts";

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "container-log-test-"));
  log = join(folder, "container.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const texts = async () => (await readLog(log)).map(({ text }) => text);

describe("the log of a container", () => {
  it("holds each line with its source and the time at which it came", async () => {
    const before = Date.now();
    appendLog(log, "container", "hello  there ");
    appendLog(log, "system", "");
    const lines = await readLog(log);
    expect(lines.map(({ source, text }) => [source, text])).toEqual([
      ["container", "hello  there "],
      ["system", ""],
    ]);
    for (const { time } of lines) {
      expect(Date.parse(time)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(time)).toBeLessThanOrEqual(Date.now());
    }
  });

  it("is empty while there is none, and does not show half a line", async () => {
    expect(await texts()).toEqual([]);
    appendLog(log, "container", "whole");
    appendFileSync(log, "2026-01-01T");
    expect(await texts()).toEqual(["whole"]);
  });

  it("keeps the latest one to two MiB, without a gap", async () => {
    const line = (number: number) => `${number} ${"x".repeat(1000)}`;
    for (let number = 0; number < 4000; number += 1) appendLog(log, "container", line(number));
    expect(statSync(`${log}.1`).size + statSync(log).size).toBeLessThan(2.1 * 1024 ** 2);
    const kept = await texts();
    expect(kept.length).toBeGreaterThan(1000);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => line(4000 - kept.length + at)));
  });

  it("is the same while its latest part becomes the older one", async () => {
    appendLog(log, "container", "one");
    renameSync(log, `${log}.1`);
    expect(await texts()).toEqual(["one"]);
  });

  it("is written for nobody when the pod's folder is gone", () => {
    appendLog(join(folder, "gone/container.log"), "container", "lost");
    expect(existsSync(join(folder, "gone"))).toBe(false);
  });
});
