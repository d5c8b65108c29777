import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ImageApp, writeImageApp } from "../support/image-app.ts";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { manifestTypes, startTestRegistry, type TestRegistry } from "../support/registry.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";

const repository = "comfy/golden";

/** In the order in which it happens: each step starts where the last one ended. */
describe("an app whose images the registry has, on a machine that cannot build", () => {
  let folder: string;
  let registry: TestRegistry;
  let runpod: StartedRunPod;
  let app: ImageApp;
  let stack: TestStack;
  let tag: string;
  let digest: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-images-"));
    registry = await startTestRegistry({ auth: "none" });
    runpod = await startLocalRunPod();
    app = writeImageApp(join(folder, "app"), registry.host);
    tag = (await app.plan()).golden.imageRef.split(":").at(-1) ?? "";
    // Nothing listens there.
    const unable = { DOCKER_HOST: "tcp://127.0.0.1:1", DOCKER_CONFIG: folder, GITHUB_TOKEN: "", GHCR_TOKEN: "" };
    env = { ...runpod.env, ...unable };
    stack = await createTestStack(env, { app: app.file });
  });

  afterAll(async () => {
    await runpod.close();
    registry.close();
    stack.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const up = async (on = stack): Promise<string> => {
    const run = await on.pulumi("up", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    return run.output;
  };
  const runs = () => runpod.account.pods().map(({ job }) => job.imageName);
  const pinned = () => `${registry.host}/${repository}@${digest}`;
  const mutations = () =>
    runpod.operations
      .all()
      .map(({ name }) => name)
      .filter((name) => /^pod(Find|Rent|Edit|Resume|Bid|Stop|Term)/.test(name));
  const onlySame = async () => expect(Object.keys(await stack.changes())).toEqual(["same"]);

  it("is refused at preview while they are missing, with three ways out", async () => {
    const run = await stack.pulumi("preview");
    expect(run.code).not.toBe(0);
    expect(run.output).toMatch(
      /error: \S+comfy\/base:0\.3\.64-base-\w{12} and \S+comfy\/golden:\S+ are not in the registry, and nothing here can build: Docker .*, and GITHUB_TOKEN .*\. There are three ways out: start Docker; let GitHub Actions build, .*; or name an image that exists in "build.image_ref"/,
    );
  });

  it("runs the golden image by its digest, and neither looks for the base nor has a docker.Image", async () => {
    digest = registry.put(repository, tag);
    await up();
    expect(runs()).toEqual([pinned()]);
    const { imageRef, baseImageRef } = await stack.outputs();
    expect([imageRef, baseImageRef]).toEqual([pinned(), (await app.plan()).base.imageRef]);
    expect(await stack.changes()).toEqual({ create: 9 });
    expect(await stack.state()).not.toContain("docker:index");
    expect(registry.asked.filter((line) => line.includes("comfy/base"))).toHaveLength(1);
  });

  it("changes nothing when nothing changed, and asks the registry once", async () => {
    const before = { operations: mutations().length, asked: registry.asked.length };
    await up();
    await onlySame();
    expect(mutations().length).toBe(before.operations);
    expect(registry.asked.slice(before.asked)).toEqual([`HEAD /v2/${repository}/manifests/${tag}`]);
  });

  it("changes nothing when the tag is moved, and says how to follow it", async () => {
    const moved = registry.put(repository, tag, manifestTypes.docker);
    const output = await up();
    await onlySame();
    expect(output).toContain(
      `${registry.host}/${repository}:${tag} is another image now (${moved}); the pod keeps ${pinned()}; to take what the tag names now, run pulumi up --replace 'urn:`,
    );
    expect(runs()).toEqual([pinned()]);
  });

  it("tells that the image is gone, and leaves the pod alone", async () => {
    registry.remove(repository, digest);
    const output = await up();
    await onlySame();
    expect(output).toContain(`the registry has no ${pinned()} any more`);
    expect(runs()).toEqual([pinned()]);
  });

  it("takes what the tag names now when it is told to", async () => {
    const urn = /--replace '(urn:[^']+)'/.exec(await up())?.[1] ?? "";
    const run = await stack.pulumi("up", "--yes", "--skip-preview", "--replace", urn);
    expect(run.code, run.output).toBe(0);
    expect(runs()).not.toEqual([pinned()]);
    digest = registry.put(repository, tag, manifestTypes.docker);
    expect(runs()).toEqual([pinned()]);
  });

  it.each([
    ["does not answer", 503, "answers HTTP 503"],
    ["refuses", 403, "does not tell whether it has"],
  ])("changes nothing while the registry %s, with one warning", async (_, status, message) => {
    registry.faults.push(...Array.from({ length: 12 }, () => ({ status })));
    const output = await up();
    registry.faults.length = 0;
    await onlySame();
    expect(output.split("\n").filter((line) => line.includes(message) && line.includes("stays"))).not.toEqual([]);
    expect(output).not.toContain("was not checked");
  });

  it("builds nothing for a fresh clone with a fresh state", async () => {
    const clone = writeImageApp(join(folder, "clone"), registry.host);
    const other = await createTestStack(env, { app: clone.file });
    try {
      await up(other);
      expect(await other.changes()).toEqual({ create: 9 });
      expect(await other.outputs()).toMatchObject({ imageRef: pinned() });
      await other.pulumi("destroy", "--yes", "--skip-preview");
    } finally {
      other.remove();
    }
  });

  it("says so when the registry refuses an image that no deployment knows", async () => {
    registry.settings.auth = "token";
    const other = await createTestStack(env, { app: app.file });
    try {
      const run = await other.pulumi("preview");
      expect(run.code).not.toBe(0);
      expect(run.output).toContain(
        `${registry.host} does not tell whether it has ${registry.host}/${repository}:${tag} (HTTP 403), and there is no login for it: set comfy-endpoints:registryUsername and registryPassword in the stack's config`,
      );
    } finally {
      registry.settings.auth = "none";
      other.remove();
    }
  });

  it("is destroyed without a question to the registry", async () => {
    const before = registry.asked.length;
    const run = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    expect(registry.asked.slice(before)).toEqual([]);
  });
}, 240_000);
