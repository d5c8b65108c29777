import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readConfig } from "../../components/config.ts";

const folder = mkdtempSync(join(tmpdir(), "config-"));

beforeEach(() => {
  vi.stubEnv("COMFY_ENDPOINTS_ENV_FILE", join(folder, "no.env"));
  for (const name of ["HUGGINGFACE_TOKEN", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "CIVITAI_API_TOKEN"])
    vi.stubEnv(name, "");
});
afterEach(() => vi.unstubAllEnvs());

const read = (config: Record<string, string>) => {
  const named = Object.entries(config).map(([key, value]) => [`comfy-endpoints:${key}`, value]);
  pulumi.runtime.setAllConfig(Object.fromEntries(named) as Record<string, string>);
  return readConfig();
};

describe("the stack's config", () => {
  it("needs nothing but the app", () => {
    const given = Object.entries(read({ app: "apps/demo/app.json" })).filter(([, value]) => value !== undefined);
    expect(given).toEqual([
      ["app", "apps/demo/app.json"],
      ["imageBuild", {}],
      ["env", {}],
    ]);
  });

  it("is read into the endpoint's arguments", () => {
    expect(
      read({
        app: "app.json",
        readyTimeoutSeconds: "60",
        onFailed: "keep",
        onHostFull: "fail",
        deployProfiles: "SECURE:false",
        maxDeployAttempts: "2",
        stopAfter: "1d12h",
        terminateAfter: "90m",
        networkVolumeGb: "100",
        networkVolumeDataCenter: "EU-RO-1",
        imageBuildBackend: "local",
        imageBuildTimeoutSeconds: "60",
        imageBuildWorkflow: "true",
      }),
    ).toMatchObject({
      readyTimeoutSeconds: 60,
      onFailed: "keep",
      onHostFull: "fail",
      profiles: [{ cloud: "SECURE", spot: false }],
      attemptsPerProfile: 2,
      stopAfterSeconds: 129_600,
      terminateAfterSeconds: 5400,
      networkVolume: { sizeGb: 100, dataCenter: "EU-RO-1" },
      imageBuild: { backend: "local", timeoutSeconds: 60, keepWorkflow: true },
    });
  });

  it("yields to the environment where the original's variables are set", () => {
    vi.stubEnv("COMFY_ENDPOINTS_RUNPOD_DEPLOY_PROFILES", "COMMUNITY:true");
    vi.stubEnv("COMFY_ENDPOINTS_RUNPOD_MAX_DEPLOY_ATTEMPTS", "7");
    vi.stubEnv("COMFY_ENDPOINTS_IMAGE_BUILD_BACKEND", "github_actions");
    vi.stubEnv("COMFY_ENDPOINTS_IMAGE_BUILD_POLL_SECONDS", "5");
    const config = { deployProfiles: "SECURE:false", maxDeployAttempts: "2", imageBuildBackend: "local" };
    expect(read({ app: "app.json", ...config })).toMatchObject({
      profiles: [{ cloud: "COMMUNITY", spot: true }],
      attemptsPerProfile: 7,
      imageBuild: { backend: "github_actions", pollSeconds: 5 },
    });
  });

  it("hands tokens for model downloads to the pod, as secrets", async () => {
    vi.stubEnv("HF_TOKEN", "hf_1");
    const { env = {} } = read({ app: "app.json" });
    expect(Object.keys(env)).toEqual(["HF_TOKEN"]);
    expect(await pulumi.isSecret(env["HF_TOKEN"] as pulumi.Output<string>)).toBe(true);
  });

  it.each<[string, Record<string, string>, string[]]>([
    [
      "every wrong value",
      { onFailed: "explode", stopAfter: "soon", maxDeployAttempts: "0", deployProfiles: "MOON:true" },
      [
        "stack config comfy-endpoints has 5 problems:",
        '"app" is missing; it must be the path of an app.json',
        '"onFailed" is "explode"; it must be "stop" or "terminate" or "keep"',
        '"deployProfiles" is "MOON:true"; it holds "MOON:true"; give COMMUNITY or SECURE and whether spot',
        '"maxDeployAttempts" is 0; give places above 0',
        '"stopAfter" is "soon"; give a duration such as 90m, 8h or 1d12h',
      ],
    ],
    [
      "a username alone",
      { app: "a", registryUsername: "me" },
      ['"registryUsername" and "registryPassword" belong together'],
    ],
    [
      "what says neither yes nor no",
      { app: "a", imageBuildWorkflow: "perhaps", imageBuildBackend: "docker" },
      ['"imageBuildBackend" is "docker"; ', '"imageBuildWorkflow" is "perhaps"; it must be "true" or "false"'],
    ],
    ["two network volumes", { app: "a", networkVolumeId: "v", networkVolumeGb: "10" }, ["set only one"]],
    ["a network volume without a place", { app: "a", networkVolumeGb: "10" }, ['"networkVolumeDataCenter" is missing']],
  ])("refuses %s", (_, config, texts) => {
    let message = "";
    try {
      read(config);
    } catch (error) {
      message = error instanceof Error ? error.message : "";
    }
    for (const text of texts) expect(message).toContain(text);
  });
});
