import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commitFiles } from "../support/github/repository.ts";
import { startTestGitHub, type TestGitHub } from "../support/github/server.ts";
import { createStackOf, type TestStack } from "../support/stack.ts";

const root = join(import.meta.dirname, "../..");
const path = ".github/workflows/build_golden_image.yml";
const own = readFileSync(join(root, path), "utf8");
let github: TestGitHub;
let stack: TestStack;

beforeAll(async () => {
  github = await startTestGitHub();
  commitFiles(github.repository, "main", { "README.md": "# It\n", [path]: "name: an older one\n" });
  const folder = mkdtempSync(join(tmpdir(), "image-workflow-"));
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    [
      "name: comfy-endpoints",
      `main: ${relative(folder, join(root, "test/programs/image-workflow.ts"))}`,
      "runtime: {name: nodejs, options: {typescript: false}}",
      `plugins: {providers: [{name: github, path: ${relative(folder, join(root, "test/support/github-provider"))}}]}`,
    ].join("\n"),
  );
  stack = await createStackOf(folder, env());
});
afterAll(() => {
  stack.remove();
  github.close();
});

const env = () => ({
  ...{ GITHUB_TOKEN: github.settings.token, GITHUB_REPOSITORY: "octo-org/octo-repo", GITHUB_API_URL: github.url },
});
const up = async (): Promise<string> => {
  const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
  expect(code, output).toBe(0);
  return output;
};
const workflow = () => github.repository.commits.get(github.repository.refs["main"] ?? "")?.get(path)?.content;
const writes = () => github.asked.filter((line) => !line.startsWith("GET"));

describe("the workflow in a stack", () => {
  it("is put into the repository, over an older one, and stays as it is", async () => {
    await up();
    expect(workflow()).toBe(own);
    expect(writes()).toEqual([`PUT /repos/octo-org/octo-repo/contents/${path}`]);
    await up();
    expect(Object.keys(await stack.changes())).toEqual(["same"]);
    expect(writes()).toHaveLength(1);
  });

  it("is no change for whoever has another token", async () => {
    github.settings.token = "ghs_of_another_run";
    stack = await createStackOf(stack.folder, env());
    await up();
    expect(Object.keys(await stack.changes())).toEqual(["same"]);
    expect(writes()).toHaveLength(1);
  });

  it("gets the login of another registry as secrets", async () => {
    await stack.setSecret("comfy-endpoints:registryPassword", "geheim");
    await up();
    const secrets = [...github.repository.secrets].map(([name, value]) => [
      name,
      Buffer.from(value, "base64").toString(),
    ]);
    expect(Object.fromEntries(secrets)).toEqual({ REGISTRY_USERNAME: "me", REGISTRY_PASSWORD: "geheim" });
  });

  it("leaves neither the token nor the password in the state", async () => {
    const state = await stack.state();
    expect(state).toContain("REGISTRY_PASSWORD");
    for (const secret of [github.settings.token, "geheim", Buffer.from("geheim").toString("base64")]) {
      expect(state).not.toContain(secret);
    }
  });

  it("outlives the stack", async () => {
    const before = writes().length;
    const { code, output } = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(workflow()).toBe(own);
    expect(writes()).toHaveLength(before);
  });
});
