import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neededTargets, pruneModels } from "../../../../gateway/boot/models/prune.ts";
import { modelFolders } from "../../../../gateway/boot/models/store.ts";
import { createLog } from "../../../../gateway/log.ts";
import { type ModelServer, modelBytes, startModelServer } from "../../../support/model-server.ts";
import { createVolume, modelArtifact, type TestVolume } from "../../../support/models.ts";

let server: ModelServer;
let volume: TestVolume;
beforeAll(async () => {
  server = await startModelServer();
  for (const name of ["a", "b", "c"]) server.files.set(`/${name}`, { bytes: modelBytes(1000, name) });
});
afterAll(() => server.close());
beforeEach(() => {
  volume = createVolume();
});
afterEach(() => volume.remove());

const artifacts = (...names: string[]) =>
  names.map((name) => modelArtifact(server.url(`/${name}`), { target_path: `${name}.safetensors` }));
const prune = (pod: string, request: { dry_run?: boolean; keep_days?: number } = {}) =>
  pruneModels(
    modelFolders(volume.root),
    pod,
    { keep_days: 7, ...request },
    createLog(() => undefined),
  );
const models = (): string[] => readdirSync(join(volume.root, "checkpoints")).sort();
const item = (name: string) => ({ path: `checkpoints/${name}.safetensors`, size_bytes: 1000 });

describe("pruning a volume", () => {
  it("removes what the app no longer declares, and tells it", async () => {
    await volume.bring(artifacts("a", "b"));
    await volume.bring(artifacts("b"));
    expect(await prune("pod1", { dry_run: true })).toEqual({ dry_run: true, items: [item("a")], freed_bytes: 1000 });
    expect(models()).toEqual(["a.safetensors", "b.safetensors"]);
    expect(await prune("pod1")).toEqual({ dry_run: false, items: [item("a")], freed_bytes: 1000 });
    expect(models()).toEqual(["b.safetensors"]);
    expect(await prune("pod1")).toEqual({ dry_run: false, items: [], freed_bytes: 0 });
  });

  it("keeps what another pod on the volume needs, for as many days as asked", async () => {
    await volume.bring(artifacts("a"), { pod: "pod2" });
    await volume.bring(artifacts("b"), { pod: "pod1" });
    expect((await prune("pod1")).items).toEqual([]);
    expect((await prune("pod1", { keep_days: 0 })).items).toEqual([item("a")]);
    expect(models()).toEqual(["b.safetensors"]);
  });

  it("keeps what somebody else put there", async () => {
    await volume.bring(artifacts("a"));
    const path = join(volume.root, "checkpoints/by-hand.safetensors");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "by hand");
    await volume.bring([]);
    await prune("pod1");
    expect(models()).toEqual(["by-hand.safetensors"]);
  });

  it("removes what was begun of a model that nobody needs", async () => {
    await volume.bring(artifacts("a"));
    const part = join(volume.root, ".comfy-endpoints/incoming/0123456789ab-x.safetensors.0123.part");
    writeFileSync(part, Buffer.alloc(8192));
    const { items } = await prune("pod1");
    expect(items).toEqual([{ path: part.slice(volume.root.length + 1), size_bytes: 8192 }]);
    expect(existsSync(part)).toBe(false);
  });

  it("brings a removed model again when it is declared again, also one that is gone already", async () => {
    await volume.bring(artifacts("a", "b"));
    await volume.bring([]);
    rmSync(join(volume.root, "checkpoints/b.safetensors"));
    expect((await prune("pod1")).items).toEqual([item("a")]);
    await volume.bring(artifacts("a", "b"));
    expect(models()).toEqual(["a.safetensors", "b.safetensors"]);
  });
});

describe("what is needed on a volume", () => {
  const day = 24 * 3_600_000;
  const claims = [
    { pod: "me", targets: ["mine"], at: 0 },
    { pod: "young", targets: ["shared", "theirs"], at: 95 * day },
    { pod: "old", targets: ["shared", "forgotten"], at: 80 * day },
  ];
  it.each([
    [7, ["mine", "shared", "theirs"]],
    [30, ["mine", "shared", "theirs", "forgotten"]],
    [0, ["mine"]],
  ])("is what this pod declares, and what others needed within %i days", (days, needed) => {
    expect(neededTargets(claims, "me", days, 100 * day)).toEqual(new Set(needed));
  });
});
