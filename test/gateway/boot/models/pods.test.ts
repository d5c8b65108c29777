import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelBytes, sha256Of } from "../../../support/model-server.ts";
import { fastLimits, modelArtifact, useServerAndVolume } from "../../../support/models.ts";
import { until } from "../../../support/until.ts";

const bytes = modelBytes(2 * 1024 ** 2);
const used = useServerAndVolume({ bytes, bytesPerSecond: 150_000 });

const path = (): string => join(used.volume.root, "checkpoints/m.safetensors");
const artifact = () => modelArtifact(used.server.url("/m"), { sha256: sha256Of(bytes) });
const fetchedRanges = () =>
  used.server.requests.flatMap(({ range }) => (range === undefined || range.to === 1 ? [] : [range]));
const incoming = (): string[] => {
  const folder = join(used.volume.root, ".comfy-endpoints/incoming");
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe("pods on one volume", () => {
  it("fetch a model once; the one that waits tells how far the other is", async () => {
    await Promise.all(["pod1", "pod2", "pod3"].map((pod) => used.volume.bring([artifact()], { pod })));
    expect(readFileSync(path()).equals(bytes)).toBe(true);
    expect(used.server.sentBytes()).toBe(bytes.length);
    const elsewhere = used.volume.news.flatMap(({ models = [] }) =>
      models.filter(({ state }) => state === "elsewhere"),
    );
    expect(elsewhere.some(({ size, bytes: done }) => size === bytes.length && done > 0)).toBe(true);
  });

  it("go on where one of them stopped", async () => {
    const stopping = new AbortController();
    const first = used.volume.bring([artifact()], { pod: "pod1" }, stopping.signal).catch(() => "stopped");
    await until("something is noted", () => incoming().some((name) => name.endsWith(".journal")));
    stopping.abort();
    expect(await first).toBe("stopped");
    const journal = incoming().find((name) => name.endsWith(".journal")) ?? "";
    const { done } = JSON.parse(readFileSync(join(used.volume.root, ".comfy-endpoints/incoming", journal), "utf8")) as {
      done: { from: number; to: number }[];
    };
    expect(done.length).toBeGreaterThan(0);
    expect(incoming().some((name) => name.includes(".lock."))).toBe(false);

    used.server.requests.length = 0;
    await used.volume.bring([artifact()], { pod: "pod2" });
    expect(readFileSync(path()).equals(bytes)).toBe(true);
    const again = fetchedRanges().filter(({ from, to }) => done.some((had) => from < had.to && had.from < to));
    expect(again).toEqual([]);
  });

  it("begin anew what was begun of another file", async () => {
    const stopping = new AbortController();
    const first = used.volume.bring([artifact()], {}, stopping.signal).catch(() => "stopped");
    await until("something is noted", () => incoming().some((name) => name.endsWith(".journal")));
    stopping.abort();
    await first;
    const other = modelBytes(bytes.length, "other");
    used.server.files.set("/m", { bytes: other });
    await used.volume.bring([modelArtifact(used.server.url("/m"), { sha256: sha256Of(other) })]);
    expect([readFileSync(path()).equals(other), incoming()]).toEqual([true, []]);
  });

  it("take over from one that fell silent, and it stops when it wakes", async () => {
    // A pod that stands still: its beats are so rare that the others take it for dead.
    const slow = { ...fastLimits, beatMs: 150, staleMs: 60_000 };
    const hasty = { ...fastLimits, beatMs: 10, staleMs: 40 };
    const first = used.volume.bring([artifact()], { pod: "pod1", limits: slow });
    await until("it fetches", () => used.server.sentBytes() > 0);
    await Promise.all([first, used.volume.bring([artifact()], { pod: "pod2", limits: hasty })]);
    expect([readFileSync(path()).equals(bytes), incoming()]).toEqual([true, []]);
    expect(
      used.volume.log.some(
        ({ msg, reason }) => msg === "model begins anew" && String(reason).includes("took the lock"),
      ),
    ).toBe(true);
  });
});
