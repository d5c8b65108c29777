import { describe, expect, it } from "vitest";
import { UserError } from "../../../contract/errors.ts";
import type { BackendWish } from "../../../providers/image/backend.ts";
import { decideImages, type HeldImage, type Questions } from "../../../providers/image/decision.ts";

const imageRefs = { base: "r/base:1", golden: "r/golden:1" };
const nothing: HeldImage = { asDockerImage: false, digest: undefined };
const deployed: HeldImage = { ...nothing, digest: "sha256:deployed" };
const built: HeldImage = { asDockerImage: true, digest: "sha256:deployed" };

interface Situation {
  held?: HeldImage;
  /** Digests by image, or what the registry answers instead. */
  registry?: Record<string, string> | Error;
  docker?: string;
  github?: string;
  wish?: BackendWish;
}

/** Decides, and tells who was asked. */
async function decided({ held = nothing, registry = {}, docker, github, wish = "auto" }: Situation) {
  const asked: string[] = [];
  const warnings: string[] = [];
  const questions: Questions = {
    digest: (imageRef) => {
      asked.push(imageRef);
      return registry instanceof Error ? Promise.reject(registry) : Promise.resolve(registry[imageRef]);
    },
    dockerTrouble: () => {
      asked.push("docker");
      return Promise.resolve(docker);
    },
    githubTrouble: () => github,
    warn: (message) => warnings.push(message),
  };
  return { ...(await decideImages(imageRefs, wish, held, questions)), asked, warnings };
}

const idle = { builder: "none", missing: false };
const missing = (builder: string) => ({ builder, missing: true });
const both = { "r/base:1": "sha256:b", "r/golden:1": "sha256:g" };
const silent = new UserError("r does not answer");

describe("an app's images", () => {
  it.each<[string, Situation, object]>([
    [
      "are left alone when the registry has the golden one, whoever made it",
      { registry: { "r/golden:1": "sha256:g" }, docker: "no Docker", github: "no token" },
      { asDockerImage: false, base: idle, golden: { ...idle, taggedDigest: "sha256:g" }, asked: ["r/golden:1"] },
    ],
    [
      "are not built by a stack of another machine that did not build them",
      { registry: both, held: deployed },
      { asDockerImage: false, base: idle, golden: { ...idle, taggedDigest: "sha256:g" }, asked: ["r/golden:1"] },
    ],
    [
      "stay a docker.Image where they are one, and nobody is asked",
      { registry: both, held: built, docker: "no Docker", github: "no token" },
      { asDockerImage: true, base: { builder: "local", missing: false }, golden: idle, asked: [] },
    ],
    [
      "stay a docker.Image whatever is wished now",
      { held: built, wish: "github_actions" },
      { asDockerImage: true, golden: idle, asked: [] },
    ],
    [
      "are both built here when both are missing",
      {},
      { asDockerImage: true, base: missing("local"), golden: idle, asked: ["r/golden:1", "r/base:1", "docker"] },
    ],
    [
      "are built on the base that the registry has",
      { registry: { "r/base:1": "sha256:b" } },
      { asDockerImage: true, base: { ...idle, taggedDigest: "sha256:b" }, golden: idle },
    ],
    [
      "are both built by GitHub where Docker cannot be used",
      { docker: "no Docker" },
      { asDockerImage: false, base: missing("github_actions"), golden: missing("github_actions") },
    ],
    [
      "are built by GitHub on the base that the registry has",
      { registry: { "r/base:1": "sha256:b" }, wish: "github_actions" },
      { asDockerImage: false, base: { ...idle, taggedDigest: "sha256:b" }, golden: missing("github_actions") },
    ],
    [
      "are built again when the one that was deployed is gone, for a stack without a docker.Image",
      { held: deployed },
      { asDockerImage: true, base: missing("local"), golden: idle },
    ],
    [
      "stay as they were deployed when the registry does not tell",
      { held: deployed, registry: silent },
      {
        asDockerImage: false,
        base: idle,
        golden: { ...idle, taggedDigest: "sha256:deployed" },
        warnings: ["r does not answer; the image of the last deployment stays"],
      },
    ],
  ])("%s", async (_, situation, expected) => {
    expect(await decided(situation)).toMatchObject(expected);
  });

  it.each<[string, Situation, string]>([
    ["the registry does not tell, and nothing is deployed", { registry: silent }, "r does not answer"],
    [
      "nobody can build",
      { docker: "no Docker", github: "no token" },
      "r/base:1 and r/golden:1 are not in the registry",
    ],
    [
      "only the golden one is missing",
      { registry: { "r/base:1": "sha256:b" }, docker: "no Docker", github: "no token" },
      "r/golden:1 is not in the registry, and nothing here can build: no Docker, and no token. There are three ways out",
    ],
    ["images are never to be built", { wish: "prebuilt" }, "prebuilt images are never built"],
  ])("are an error when %s", async (_, situation, message) => {
    await expect(decided(situation)).rejects.toThrow(message);
  });

  it("are no matter of a registry's when something else is wrong", async () => {
    const bug = new TypeError("bug");
    await expect(decided({ held: deployed, registry: bug })).rejects.toBe(bug);
  });
});
