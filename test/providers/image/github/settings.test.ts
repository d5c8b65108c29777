import { describe, expect, it } from "vitest";
import { githubSettings } from "../../../../providers/image/github/settings.ts";

const env = { GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "octo-org/octo-repo" };

describe("the settings of GitHub builds", () => {
  it("have the original's defaults", () => {
    expect(githubSettings(env)).toEqual({
      ...{ token: "t", owner: "octo-org", repo: "octo-repo", workflow: "build_golden_image.yml", ref: "main" },
      ...{ timeoutMs: 1_800_000, pollMs: 10_000, apiUrl: "https://api.github.com" },
    });
  });

  it("are what the environment says", () => {
    const settings = githubSettings({
      ...env,
      COMFY_ENDPOINTS_GHA_WORKFLOW: "images.yaml",
      COMFY_ENDPOINTS_GHA_REF: "refs/heads/feature/x",
      COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS: "60",
      COMFY_ENDPOINTS_GHA_POLL_SECONDS: "0.5",
      GITHUB_API_URL: "https://github.example.com/api/v3/",
    });
    expect(settings).toMatchObject({ workflow: "images.yaml", ref: "feature/x", timeoutMs: 60_000, pollMs: 500 });
    expect(settings.apiUrl).toBe("https://github.example.com/api/v3");
  });

  it.each([
    ["GITHUB_TOKEN", "", "GitHub Actions cannot build: GITHUB_TOKEN is not set"],
    ["GITHUB_REPOSITORY", "octo-repo", 'GitHub Actions cannot build: GITHUB_REPOSITORY is "octo-repo", not owner/name'],
    [
      "COMFY_ENDPOINTS_GHA_WORKFLOW",
      ".github/workflows/x.yml",
      'COMFY_ENDPOINTS_GHA_WORKFLOW is ".github/workflows/x.yml"',
    ],
    ["COMFY_ENDPOINTS_GHA_WORKFLOW", "images", "give the name of a file in .github/workflows"],
    ["COMFY_ENDPOINTS_GHA_REF", "a".repeat(40), "workflows run at a branch or a tag"],
    ["COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS", "0", 'COMFY_ENDPOINTS_GHA_TIMEOUT_SECONDS is "0"; give seconds above 0'],
    ["COMFY_ENDPOINTS_GHA_POLL_SECONDS", "soon", 'COMFY_ENDPOINTS_GHA_POLL_SECONDS is "soon"'],
    [
      "GITHUB_API_URL",
      "http://github.example.com",
      'GITHUB_API_URL is "http://github.example.com"; give an https address',
    ],
    ["GITHUB_API_URL", "github.example.com", "give an https address"],
  ])("refuse %s %s", (name, value, said) => {
    expect(() => githubSettings({ ...env, [name]: value })).toThrow(said);
  });
});
