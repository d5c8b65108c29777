import { describe, expect, it } from "vitest";
import {
  type BackendWish,
  type BuildFacts,
  chooseBackend,
  githubTroubleOf,
  missingImages,
  parseBackend,
} from "../../../providers/image/backend.ts";

const noDocker = "Docker is not installed";
const noGitHub = "GITHUB_TOKEN is not set";
const able: BuildFacts = { missing: ["r/golden:1"], dockerTrouble: undefined, githubTrouble: undefined };
const unable: BuildFacts = { missing: ["r/golden:1"], dockerTrouble: noDocker, githubTrouble: noGitHub };

describe("who builds", () => {
  it.each<[string, BackendWish, BuildFacts, string]>([
    ["nobody, when nothing is missing", "auto", { ...unable, missing: [] }, "none"],
    ["nobody, whatever is wished, when nothing is missing", "local", { ...unable, missing: [] }, "none"],
    ["nobody for an image that is there", "prebuilt", { ...unable, missing: [] }, "none"],
    ["Docker before GitHub", "auto", able, "local"],
    ["GitHub where Docker cannot be used", "auto", { ...able, dockerTrouble: noDocker }, "github_actions"],
    ["Docker without GitHub", "auto", { ...able, githubTrouble: noGitHub }, "local"],
    ["Docker, as wished", "local", able, "local"],
    ["GitHub, as wished", "github_actions", able, "github_actions"],
  ])("is %s", (_, wish, facts, backend) => {
    expect(chooseBackend(wish, facts)).toBe(backend);
  });

  it("is told with three ways out where nobody can", () => {
    expect(() => chooseBackend("auto", unable)).toThrow(
      'r/golden:1 is not in the registry, and nothing here can build: Docker is not installed, and GITHUB_TOKEN is not set. There are three ways out: start Docker; let GitHub Actions build, with GITHUB_TOKEN and GITHUB_REPOSITORY; or name an image that exists in "build.image_ref"',
    );
  });

  it.each<[BackendWish, BuildFacts, string]>([
    ["local", { ...able, dockerTrouble: noDocker }, `is "local", but ${noDocker}; start Docker`],
    [
      "github_actions",
      { ...able, githubTrouble: noGitHub },
      `is "github_actions", but ${noGitHub}; set what is missing`,
    ],
    [
      "prebuilt",
      able,
      'prebuilt images are never built; push it, or name an image that exists in "build.image_ref"; without',
    ],
  ])("is not another one than wished: %s", (wish, facts, message) => {
    expect(() => chooseBackend(wish, facts)).toThrow(message);
  });

  it("is wished in one of four words", () => {
    expect(parseBackend(undefined)).toBe("auto");
    expect(parseBackend("github_actions")).toBe("github_actions");
    expect(() => parseBackend("Docker")).toThrow(
      'COMFY_ENDPOINTS_IMAGE_BUILD_BACKEND is "Docker"; give auto, local, github_actions, prebuilt',
    );
  });
});

describe("what is missing", () => {
  const base = { imageRef: "base" };
  const golden = { imageRef: "golden" };
  const digest = "sha256:1";
  it("is both, when neither is there", () => {
    expect(
      missingImages([
        { ...base, digest: undefined },
        { ...golden, digest: undefined },
      ]),
    ).toEqual(["base", "golden"]);
  });
  it("is the golden image alone on a base that is there", () => {
    expect(
      missingImages([
        { ...base, digest },
        { ...golden, digest: undefined },
      ]),
    ).toEqual(["golden"]);
  });
  it("is nothing when the golden image is there, with its base or without", () => {
    expect(
      missingImages([
        { ...base, digest: undefined },
        { ...golden, digest },
      ]),
    ).toEqual([]);
    expect(
      missingImages([
        { ...base, digest },
        { ...golden, digest },
      ]),
    ).toEqual([]);
    expect(missingImages([{ ...golden, digest }])).toEqual([]);
  });
});

describe("GitHub", () => {
  it.each([
    [{ GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "owner/name.x" }, undefined],
    [{}, "GITHUB_TOKEN and GITHUB_REPOSITORY are not set"],
    [{ GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "" }, "GITHUB_REPOSITORY is not set"],
    [
      { GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "https://github.com/owner/name" },
      'GITHUB_REPOSITORY is "https://github.com/owner/name", not owner/name',
    ],
  ])("can be asked with %o: %s", (env, trouble) => {
    expect(githubTroubleOf(env)).toBe(trouble);
  });
});
