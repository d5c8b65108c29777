import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type App, appSchema } from "../../../../contract/app.ts";
import { planImages } from "../../../../providers/image/plan/plan.ts";
import { appDocument } from "../../../support/apps.ts";
import { commitAll, git, makeRepository, writeFiles } from "../../../support/git-repository.ts";

const commit = "a125cd84b054a57729b5eecab930ca9408719832";
const comfyui = { repo: "https://github.com/Comfy-Org/ComfyUI.git", ref: commit };
const pack = { repo: "https://github.com/kijai/ComfyUI-KJNodes", ref: "b".repeat(40) };

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "plan-"));
  writeFiles(project, { "Dockerfile.base": "FROM a\n", "Dockerfile.own": "FROM b\n", "base/x": "1", "own/y": "1" });
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** Images from small files of one's own. */
const own = {
  base_dockerfile_path: "Dockerfile.base",
  base_build_context: "base",
  dockerfile_path: "Dockerfile.own",
  build_context: "own",
};

function plan(build: Partial<App["build"]> = {}, version = "v1") {
  const given = { comfy_version: "0.3.64", plugins: [], ...build };
  const app = appSchema.parse({ ...appDocument, version, build: given });
  return planImages(app, { projectFolder: project, subject: "app.json" });
}

/** The hashes of the base and the golden image. */
async function hashes(build: Partial<App["build"]> = {}, version?: string): Promise<string[]> {
  const { base, golden } = await plan({ ...own, ...build }, version);
  return [base, golden].map(({ imageRef }) => imageRef.slice(-12));
}

describe("an image's tag", () => {
  it("names the versions and what is in the image", async () => {
    const { base, golden } = await plan();
    expect(base.imageRef).toMatch(/^ghcr\.io\/comfy-endpoints\/comfybase:0\.3\.64-base-[0-9a-f]{12}$/);
    expect(golden.imageRef).toMatch(/^ghcr\.io\/comfy-endpoints\/golden:0\.3\.64-v1-[0-9a-f]{12}$/);
  });

  it.each<[Partial<App["build"]>, string, string]>([
    [{ image_repository: "ghcr.io/me/golden" }, "ghcr.io/me/golden-base", "ghcr.io/me/golden"],
    [{ base_image_repository: "r.example/base" }, "r.example/base", "ghcr.io/comfy-endpoints/golden"],
    [{ image_repository: "a/golden", base_image_repository: "b/base" }, "b/base", "a/golden"],
  ])("is in the repositories of %o", async (build, baseRepository, goldenRepository) => {
    const { base, golden } = await plan({ ...own, ...build });
    expect([base, golden].map(({ imageRef }) => imageRef.replace(/:[^:]*$/, ""))).toEqual([
      baseRepository,
      goldenRepository,
    ]);
  });

  it("is the same one for the same files, whatever the versions are called", async () => {
    const [base, golden] = await hashes();
    expect(await hashes({}, "v2")).toEqual([base, golden]);
    expect((await hashes({ comfy_version: "0.3.65" }))[0]).toBe(base);
  });

  it.each<[string, Record<string, string>, Partial<App["build"]>, boolean, boolean]>([
    ["a file of the golden image", { "own/y": "2" }, {}, false, true],
    ["the golden Dockerfile", { "Dockerfile.own": "FROM c\n" }, {}, false, true],
    ["a file that appears", { "own/z": "" }, {}, false, true],
    ["a file of the base", { "base/x": "2" }, {}, true, true],
    ["the base's Dockerfile", { "Dockerfile.base": "FROM c\n" }, {}, true, true],
    ["ComfyUI", {}, { plugins: [comfyui] }, true, true],
    ["a pack of nodes", {}, { plugins: [pack] }, false, true],
    ["a file beside", { "README.md": "2" }, {}, false, false],
  ])("changes with %s, and only where that goes", async (_, files, build, base, golden) => {
    const before = await hashes();
    writeFiles(project, files);
    const after = await hashes(build);
    expect([after[0] !== before[0], after[1] !== before[1]]).toEqual([base, golden]);
  });

  it("tells nothing of what .dockerignore hides, nor of that file's own words", async () => {
    writeFiles(project, { "own/.dockerignore": "# Not for pods.\nnotes\n*.log\n", "own/notes/a": "1" });
    const { golden } = await plan(own);
    expect(golden.files.map(({ path }) => path)).toEqual(["y"]);
    const before = await hashes();
    writeFiles(project, { "own/.dockerignore": "notes\n*.log\n", "own/notes/b": "2", "own/x.log": "3" });
    expect(await hashes()).toEqual(before);
    writeFiles(project, { "own/.dockerignore": "notes\n" });
    expect(await hashes()).not.toEqual(before);
  });

  it("depends on the commits that packs are at, and their order, not on what commits are called", async () => {
    const repo = join(project, "pack");
    const first = makeRepository(repo, { "a.py": "" });
    git(repo, "tag", "v1");
    const named = await hashes({ plugins: [{ repo, ref: "main" }] });
    expect(await hashes({ plugins: [{ repo, ref: first }] })).toEqual(named);
    expect(await hashes({ plugins: [{ repo, ref: "v1" }, pack] })).not.toEqual(
      await hashes({ plugins: [pack, { repo, ref: "v1" }] }),
    );
    commitAll(repo);
    expect(await hashes({ plugins: [{ repo, ref: "main" }] })).not.toEqual(named);
    expect(await hashes({ plugins: [{ repo, ref: "v1" }] })).toEqual(named);
  });
});

describe("what an image is built with", () => {
  it("is ComfyUI at a commit, and the packs on that base", async () => {
    const { base, golden } = await plan({ plugins: [pack, comfyui] });
    expect(base.buildArgs).toEqual({ COMFYUI_REPO: comfyui.repo, COMFYUI_REF: commit });
    expect(golden.buildArgs).toEqual({ BASE_IMAGE: base.imageRef, COMFY_PLUGINS_JSON: JSON.stringify([pack]) });
  });

  it("is what the Dockerfiles of this package copy, unless the app has its own", async () => {
    const { base, golden } = await plan();
    expect(base.files).toEqual([]);
    expect(golden.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["gateway/main.ts", "docker/nginx.conf"]),
    );
    const mine = await plan(own);
    expect(mine.golden).toMatchObject({ dockerfile: join(project, "Dockerfile.own"), context: join(project, "own") });
    expect([mine.base, mine.golden].map(({ files }) => files.map(({ path }) => path))).toEqual([["x"], ["y"]]);
  });

  it("is the same when the app names the package's own folder as its context", async () => {
    const root = join(import.meta.dirname, "../../../..");
    const { base, golden } = await plan({ build_context: root });
    expect(base.files).toEqual([]);
    expect(golden.files.map(({ path }) => path)).not.toContain("package.json");
  });
});

describe("images that cannot be planned", () => {
  it("are refused with every field at fault", async () => {
    const build = {
      comfy_version: "0.3 64",
      plugins: [{ repo: "https://me:secret@example.org/pack", ref: "main" }],
      image_repository: "ghcr.io/Me/golden",
      base_image_repository: "ghcr.io/me/base:1",
      dockerfile_path: "nowhere",
      base_build_context: "nowhere",
    };
    const error = plan(build, "v".repeat(60));
    await expect(error).rejects.toMatchObject({
      problems: [
        { path: "build.plugins[0].repo" },
        { path: "build.base_build_context", message: `is "nowhere"; there is no ${join(project, "nowhere")}` },
        { path: "build.dockerfile_path", message: `is "nowhere"; there is no ${join(project, "nowhere")}` },
        { path: "version", message: expect.stringContaining("it becomes part of a tag") as string },
        { path: "build.comfy_version", message: expect.stringContaining('is "0.3 64"') as string },
        { path: "build.image_repository" },
        { path: "build.base_image_repository" },
      ],
    });
    await expect(error).rejects.not.toThrow("secret");
  });

  it("are refused with every ref that stands for no commit", async () => {
    const repo = join(project, "pack");
    makeRepository(repo, { a: "" });
    const plugins = [{ repo, ref: "nowhere" }, pack, { repo: join(project, "none"), ref: "main" }];
    await expect(plan({ ...own, plugins })).rejects.toMatchObject({
      message: expect.stringMatching(/^app\.json has 2 problems:/) as string,
      problems: [
        {
          path: "build.plugins[0].ref",
          message: `is "nowhere"; ${repo} has no branch or tag of that name; give a full commit, of 40 hex digits`,
        },
        { path: "build.plugins[2].ref", message: expect.stringContaining("git cannot ask") as string },
      ],
    });
  });
});
