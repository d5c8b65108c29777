import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reconcileCache } from "../../../../gateway/boot/cache/reconcile.ts";
import { thisProcess } from "../../../../gateway/boot/volume-lock.ts";
import { createLog } from "../../../../gateway/log.ts";
import { modelBytes, sha256Of } from "../../../support/model-server.ts";

const large = modelBytes(200_000);
let folder: string;
let lines: Record<string, unknown>[];
let moved: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-cache-"));
  lines = [];
  moved = [];
  mkdirSync(join(folder, "cache"));
  mkdirSync(join(folder, "watched"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (...path: string[]): string => join(folder, ...path);
const put = (path: string, bytes: Buffer | string = large): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
};
const boot = (watchPaths = [at("watched")], settledMs = 0): Promise<void> =>
  reconcileCache(
    {
      ...{
        root: at("cache"),
        watchPaths,
        minBytes: 100_000,
        settledMs,
        onMove: (path) => moved.push(path),
        me: thisProcess("pod1"),
      },
      log: createLog((line) => lines.push(JSON.parse(line) as Record<string, unknown>)),
    },
    new AbortController().signal,
  );
/** What is left of a container when it is replaced: nothing but the volume. */
const freshContainer = (): void => {
  rmSync(at("watched"), { recursive: true });
  mkdirSync(at("watched"));
};
const cached = (): string[] => readdirSync(at("cache/files"));
const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();

describe("the cache of large files", () => {
  it("takes files above the size, leaves links in their places, and small ones alone", async () => {
    put(at("watched/deep/in/large.bin"));
    put(at("watched/small.bin"), large.subarray(0, 99_999));
    await boot();
    expect(cached()).toEqual([`${sha256Of(large)}_large.bin`]);
    expect(moved).toEqual([at("watched/deep/in/large.bin")]);
    expect(readlinkSync(at("watched/deep/in/large.bin"))).toBe(at("cache/files", cached()[0] ?? ""));
    expect(readFileSync(at("watched/deep/in/large.bin")).equals(large)).toBe(true);
    expect(isLink(at("watched/small.bin"))).toBe(false);
    expect(readdirSync(at("cache")).sort()).toEqual(["files", "manifest.json"]);
  });

  it("links them back in every later container", async () => {
    put(at("watched/deep/large.bin"));
    await boot();
    for (let container = 0; container < 2; container++) {
      freshContainer();
      await boot();
      expect(readFileSync(at("watched/deep/large.bin")).equals(large)).toBe(true);
      expect(isLink(at("watched/deep/large.bin"))).toBe(true);
    }
    expect(cached()).toHaveLength(1);
  });

  it("keeps equal files once, each with its link", async () => {
    put(at("watched/one/same.bin"));
    put(at("watched/two/same.bin"));
    await boot();
    freshContainer();
    await boot();
    expect([cached().length, isLink(at("watched/one/same.bin")), isLink(at("watched/two/same.bin"))]).toEqual([
      1,
      true,
      true,
    ]);
  });

  it("links a file again that an image brings along unchanged, without another copy", async () => {
    put(at("watched/large.bin"));
    const { mtime } = statSync(at("watched/large.bin"));
    await boot();
    freshContainer();
    put(at("watched/large.bin"));
    utimesSync(at("watched/large.bin"), mtime, mtime);
    await boot();
    expect(isLink(at("watched/large.bin"))).toBe(true);
    expect(cached()).toHaveLength(1);
  });

  it("takes the new one where a path holds another file now", async () => {
    put(at("watched/large.bin"));
    await boot();
    freshContainer();
    const other = modelBytes(150_000, "other");
    put(at("watched/large.bin"), other);
    await boot();
    freshContainer();
    await boot();
    expect(readFileSync(at("watched/large.bin")).equals(other)).toBe(true);
  });

  it("goes on after a crash between the copy and the link", async () => {
    put(at("watched/large.bin"));
    await boot();
    const moved = readFileSync(at("watched/large.bin"));
    rmSync(at("watched/large.bin"));
    put(at("watched/large.bin"), moved);
    rmSync(at("cache/manifest.json"));
    await boot();
    expect([isLink(at("watched/large.bin")), cached().length]).toEqual([true, 1]);
  });

  it("does not follow links, nor take what is on the volume already", async () => {
    put(at("elsewhere/large.bin"));
    put(at("cache/models/vae/large.bin"));
    symlinkSync(at("elsewhere"), at("watched/elsewhere"));
    symlinkSync(at("cache/models/vae"), at("watched/vae"));
    await boot([at("watched"), at("watched/vae"), at("cache/models"), at("nowhere")]);
    expect([existsSync(at("cache/files")) ? cached() : [], isLink(at("elsewhere/large.bin"))]).toEqual([[], false]);
  });

  it("links nothing outside the folders that are watched now", async () => {
    put(at("watched/large.bin"));
    await boot();
    freshContainer();
    mkdirSync(at("other"));
    await boot([at("other")]);
    expect(existsSync(at("watched/large.bin"))).toBe(false);
  });

  it("follows no path of the volume that leads out of the watched folders", async () => {
    put(at("watched/large.bin"));
    await boot();
    const manifest = readFileSync(at("cache/manifest.json"), "utf8");
    writeFileSync(at("cache/manifest.json"), manifest.replace("watched/large.bin", "watched/../other/large.bin"));
    freshContainer();
    await boot();
    expect(existsSync(at("other"))).toBe(false);
  });

  it("removes what a crash left of a copy", async () => {
    put(at("cache/files/.incoming-0123"), "half");
    put(at("watched/large.bin"));
    await boot();
    expect(cached()).toEqual([`${sha256Of(large)}_large.bin`]);
  });

  it("leaves files alone that may be written still, while nodes run", async () => {
    const hour = 3_600_000;
    const old = new Date(Date.now() - 2 * hour);
    for (const name of ["young.bin", "open.bin", "settled.bin"]) put(at("watched", name));
    for (const name of ["open.bin", "settled.bin"]) utimesSync(at("watched", name), old, old);
    const descriptor = openSync(at("watched/open.bin"), "r+");
    await boot([at("watched")], hour);
    closeSync(descriptor);
    expect(["young.bin", "open.bin", "settled.bin"].map((name) => isLink(at("watched", name)))).toEqual([
      false,
      // Only Linux tells which files are open.
      process.platform !== "linux",
      true,
    ]);
  });

  it("says in the log what it cannot do, and lets the boot go on", async () => {
    put(at("watched/large.bin"));
    writeFileSync(at("cache/files"), "a file in the way");
    await boot();
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([["warn", "the cache is not used"]]);
    expect(isLink(at("watched/large.bin"))).toBe(false);
  });
});
