import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { create, diff, update } from "../../../../providers/image/lifecycle/image-lifecycle.ts";
import type { ImageInputs } from "../../../../providers/image/lifecycle/inputs.ts";
import { unknownValue } from "../../../../providers/runpod/engine/hook-values.ts";
import { startTestRegistry, type TestRegistry } from "../../../support/registry.ts";

const noLogin = { username: undefined, password: undefined };

let folder: string;
let registry: TestRegistry;
let warnings: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "image-lifecycle-"));
  registry = await startTestRegistry({ auth: "none" });
  vi.stubEnv("COMFY_ENDPOINTS_ENV_FILE", join(folder, "no.env"));
  vi.stubEnv("DOCKER_CONFIG", folder);
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void warnings.push(line));
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  registry.close();
  rmSync(folder, { recursive: true });
});

const inputs = (changed: Partial<ImageInputs> = {}) => ({
  ...{ kind: "golden", imageRef: `${registry.host}/comfy/golden:1`, builder: "none", missing: false },
  loginRegistry: registry.host,
  ...{ dockerfile: "Dockerfile", context: ".", buildArgs: {}, resourceName: "cards-image" },
  ...{ ownUrn: "urn:golden", rebuildUrns: ["urn:base", "urn:docker"], timeoutSeconds: 60, pollSeconds: 0.02 },
  ...changed,
});
const pinned = (digest: string) => `${registry.host}/comfy/golden@${digest}`;
const put = (tag = "1") => registry.put("comfy/golden", tag);

describe("an image that is created", () => {
  it("is pinned to the digest that its tag has", async () => {
    const digest = put();
    expect(await create(inputs(), noLogin)).toMatchObject({ outs: { digest, pinnedRef: pinned(digest) } });
  });

  it("is pinned to the digest that the program was told, without another question", async () => {
    const taggedDigest = put();
    const { outs } = await create(inputs({ taggedDigest }), noLogin);
    expect([outs["pinnedRef"], registry.asked]).toEqual([pinned(taggedDigest), []]);
  });

  it("is waited for until the registry shows what the docker.Image pushed", async () => {
    const digest = put("other");
    registry.remove("comfy/golden", digest);
    const created = create(inputs({ builtDigest: pinned(digest) }), noLogin);
    await expect.poll(() => registry.asked.length).toBeGreaterThan(2);
    put("other");
    expect(await created).toMatchObject({ outs: { digest } });
    expect(new Set(registry.asked)).toEqual(new Set([`HEAD /v2/comfy/golden/manifests/${digest}`]));
  });

  it("is an error when the registry never shows it", async () => {
    const digest = put();
    registry.remove("comfy/golden", digest);
    const created = create(inputs({ builtDigest: pinned(digest), timeoutSeconds: 0.05 }), noLogin);
    await expect(created).rejects.toThrow(
      `${pinned(digest)} was built, but the registry does not show it after 0.05 s; see whether it was pushed there, and run pulumi up --replace 'urn:base' --replace 'urn:docker'`,
    );
  });

  it("is nobody's question when it is a base that nobody needs", async () => {
    const base = inputs({ kind: "base" });
    const { id, outs } = await create(base, noLogin);
    expect([id, outs["digest"], outs["pinnedRef"], registry.asked]).toEqual([base.imageRef, null, base.imageRef, []]);
  });

  it("is not made out of nothing", async () => {
    await expect(create(inputs(), noLogin)).rejects.toThrow(
      `${inputs().imageRef} is not in the registry any more; run pulumi up again`,
    );
  });
});

describe("the login of the stack's config", () => {
  const login = { username: "me", password: "secret" };
  beforeEach(() => {
    Object.assign(registry.settings, { auth: "basic", users: { me: "secret" } });
    put();
  });

  it("is used at the registry that it is for", async () => {
    expect((await create(inputs(), login)).outs["digest"]).toMatch(/^sha256:/);
    expect(registry.asked.at(-1)).toMatch(/ as me$/);
  });

  it("is not shown to another one, where the image below may be", async () => {
    const base = inputs({ kind: "base", builder: "local", loginRegistry: "registry.example" });
    await expect(create(base, login)).rejects.toThrow("there is no login for it");
    expect(registry.asked.filter((line) => line.endsWith(" as me"))).toEqual([]);
  });
});

describe("an image that is there", () => {
  const digest = `sha256:${"1".repeat(64)}`;
  const other = `sha256:${"2".repeat(64)}`;
  const state = (changed: object = {}) => ({ ...inputs(), digest, pinnedRef: pinned(digest), ...changed });

  it.each<[string, Partial<ImageInputs>, object]>([
    ["is replaced by one with another tag", { imageRef: "r/golden:2" }, { changes: true, replaces: ["imageRef"] }],
    ["is updated when its docker.Image is to be built again", { builtDigest: unknownValue }, { changes: true }],
    ["is updated when its docker.Image was built again", { builtDigest: `r/golden@${other}` }, { changes: true }],
    ["is updated when it has to be built", { builder: "github_actions", missing: true }, { changes: true }],
    ["is the same when the program has seen it", { taggedDigest: digest }, { changes: false }],
    ["is the same, as a base, whatever the registry has", { kind: "base" }, { changes: false }],
  ])("%s", async (_, changed, expected) => {
    expect(await diff(state(), inputs(changed), noLogin)).toMatchObject(expected);
    expect([registry.asked, warnings]).toEqual([[], []]);
  });

  it("is the same when its tag has its digest: one question", async () => {
    const found = put();
    const olds = state({ digest: found });
    expect(await diff(olds, inputs({ builtDigest: pinned(found) }), noLogin)).toEqual({ changes: false });
    expect([registry.asked, warnings]).toEqual([["HEAD /v2/comfy/golden/manifests/1"], []]);
  });

  it("is the same when it is gone, and how to build it again is told", async () => {
    expect(await diff(state(), inputs({ builtDigest: pinned(digest) }), noLogin)).toEqual({ changes: false });
    expect(warnings).toEqual([
      `the registry has no ${pinned(digest)} any more, which the pod was made from; another pod could not start; to build it again, run pulumi up --replace 'urn:base' --replace 'urn:docker'`,
    ]);
  });

  it("is the same when its tag is gone, and nothing is told", async () => {
    const found = put("2");
    expect(await diff(state({ digest: found }), inputs(), noLogin)).toEqual({ changes: false });
    expect(warnings).toEqual([]);
  });

  it("is the same when the registry does not tell", async () => {
    registry.settings.auth = "basic";
    expect(await diff(state(), inputs({ builtDigest: pinned(digest) }), noLogin)).toEqual({ changes: false });
    expect(warnings).toEqual([expect.stringContaining(`whether it still has ${pinned(digest)} was not checked`)]);
  });

  it("takes the digest of what was built again", async () => {
    const rebuilt = put("2");
    const { outs } = await update(inputs({ builtDigest: pinned(rebuilt) }), noLogin);
    expect(outs["pinnedRef"]).toBe(pinned(rebuilt));
  });
});
