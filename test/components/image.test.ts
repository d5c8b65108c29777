import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pullLogin } from "../../components/image.ts";
import { type App, appSchema } from "../../contract/app.ts";
import { appDocument } from "../support/apps.ts";

const ghcr = { username: "octocat", password: "ghp_1" };
const given = { username: "me", password: "secret" };
const config = { username: "you", password: "geheim" };

const app = (build: Partial<App["build"]>): App =>
  appSchema.parse({ ...appDocument, build: { ...appDocument.build, image_ref: undefined, ...build } });

describe("the login that pods pull with", () => {
  beforeEach(() => {
    vi.stubEnv("COMFY_ENDPOINTS_ENV_FILE", "/no/such/file.env");
    vi.stubEnv("GHCR_USERNAME", ghcr.username);
    vi.stubEnv("GHCR_TOKEN", ghcr.password);
    pulumi.runtime.setAllConfig({});
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

  it.each<[string, string, Partial<App["build"]>, object | undefined]>([
    [
      "is the stack's config's for an image that is made",
      "geheim",
      { image_repository: "registry.example/me/a" },
      config,
    ],
    ["is the stack's config's for one that the app names", "geheim", { image_ref: "registry.example/me/a:1" }, config],
    ["is GHCR's own before that", "geheim", { image_ref: "ghcr.io/me/golden:1" }, ghcr],
    ["is none when half of it is missing", "", { image_ref: "registry.example/me/a:1" }, undefined],
  ])("%s", (_, registryPassword, build, expected) => {
    const values = { "comfy-endpoints:registryUsername": "you", "comfy-endpoints:registryPassword": registryPassword };
    pulumi.runtime.setAllConfig(values);
    expect(pullLogin(app(build), undefined)).toEqual(expected);
    expect(pullLogin(app(build), given)).toEqual(given);
  });

  it("is none where GHCR's is not known", () => {
    vi.stubEnv("GHCR_TOKEN", "");
    expect(pullLogin(app({ image_ref: "ghcr.io/me/golden:1" }), undefined)).toBeUndefined();
  });
});
