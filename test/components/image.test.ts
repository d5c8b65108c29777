import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pullLogin } from "../../components/image.ts";
import { type App, appSchema } from "../../contract/app.ts";
import { appDocument } from "../support/apps.ts";

const ghcr = { username: "octocat", password: "ghp_1" };
const given = { username: "me", password: "secret" };

const app = (build: Partial<App["build"]>): App =>
  appSchema.parse({ ...appDocument, build: { ...appDocument.build, image_ref: undefined, ...build } });

describe("the login that pods pull with", () => {
  beforeEach(() => {
    vi.stubEnv("COMFY_ENDPOINTS_ENV_FILE", "/no/such/file.env");
    vi.stubEnv("GHCR_USERNAME", ghcr.username);
    vi.stubEnv("GHCR_TOKEN", ghcr.password);
  });
  afterEach(() => vi.unstubAllEnvs());

  it.each<[string, Partial<App["build"]>, typeof given | undefined, object | undefined]>([
    ["is GHCR's for an image there", { image_ref: "ghcr.io/me/golden:1" }, undefined, ghcr],
    ["is GHCR's for one that is made for there", { image_repository: "ghcr.io/me/golden" }, undefined, ghcr],
    ["is none for another registry", { image_ref: "registry.example/me/golden:1" }, undefined, undefined],
    ["is the one that the program gives", { image_ref: "ghcr.io/me/golden:1" }, given, given],
  ])("%s", (_, build, login, expected) => {
    expect(pullLogin(app(build), login)).toEqual(expected);
  });

  it("is none where GHCR's is not known", () => {
    vi.stubEnv("GHCR_TOKEN", "");
    expect(pullLogin(app({ image_ref: "ghcr.io/me/golden:1" }), undefined)).toBeUndefined();
  });
});
