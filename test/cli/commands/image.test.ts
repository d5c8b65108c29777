import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeApp } from "../../support/app-folder.ts";
import { startCend } from "../../support/cend.ts";
import { pulumiEnv } from "../../support/pulumi-env.ts";
import { startTestRegistry, type TestRegistry } from "../../support/registry.ts";

interface Image {
  image_ref: string;
  build_args: Record<string, string>;
  files: { path: string; mode: string; sha256: string }[];
  in_registry?: boolean;
  digest?: string | null;
}

interface Plan {
  app_id: string;
  backend: string;
  build?: string;
  base: Image;
  golden: Image;
}

let folder: string;
let registry: TestRegistry;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cend-image-"));
  registry = await startTestRegistry({ users: { me: "secret" } });
  // All that can be found is git.
  mkdirSync(join(folder, "bin"));
  symlinkSync(execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim(), join(folder, "bin/git"));
  writeApp(folder, { build: { comfy_version: "0.3.64", plugins: [], image_repository: `${registry.host}/me/golden` } });
  login("me", "secret");
});
afterEach(() => {
  registry.close();
  rmSync(folder, { recursive: true, force: true });
});

const cend = (args: string[], env: Record<string, string> = {}) => {
  const nothing = { GITHUB_TOKEN: undefined, GITHUB_REPOSITORY: undefined, DOCKER_CONFIG: undefined };
  const found = { HOME: folder, PATH: join(folder, "bin"), ...nothing, ...env };
  return startCend(["image", ...args], { cwd: folder, env: { ...pulumiEnv(folder), ...found } }).ended;
};

async function plan(args: string[] = [], env: Record<string, string> = {}): Promise<Plan> {
  const { code, stdout, stderr } = await cend(["plan", "app.json", ...args], env);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Plan;
}

function login(user: string, password: string): void {
  mkdirSync(join(folder, ".docker"), { recursive: true });
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  writeFileSync(join(folder, ".docker/config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
}

function installDocker(script: string): void {
  writeFileSync(join(folder, "bin/docker"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "bin/docker"), 0o755);
}

const put = ({ image_ref }: Image): string => {
  const [, repository = "", tag = ""] = /^[^/]+\/(.*):(.*)$/.exec(image_ref) ?? [];
  return registry.put(repository, tag);
};

describe("cend image plan", () => {
  it("tells the tags and what is behind them, and asks nobody", async () => {
    const { base, golden, ...rest } = await plan();
    expect(rest).toEqual({ app_id: "cards", backend: "auto" });
    expect(base.image_ref).toMatch(/\/me\/golden-base:0\.3\.64-base-[0-9a-f]{12}$/);
    expect(golden.image_ref).toMatch(/\/me\/golden:0\.3\.64-v1-[0-9a-f]{12}$/);
    expect(golden).toMatchObject({
      dockerfile_path: "docker/Dockerfile.golden",
      build_context: ".",
      build_args: { BASE_IMAGE: base.image_ref, COMFY_PLUGINS_JSON: "[]" },
    });
    expect(golden.files).toContainEqual({
      ...{ path: "docker/entrypoint.sh", mode: "755" },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(golden).not.toHaveProperty("in_registry");
    expect(registry.asked).toEqual([]);
  });

  it("tells with --check-registry what would be built, and by whom", async () => {
    const planned = await plan();
    installDocker("exit 0");
    expect(await plan(["--check-registry"])).toMatchObject({
      build: "local",
      golden: { in_registry: false, digest: null },
    });
    const digest = put(planned.golden);
    expect(await plan(["--check-registry"])).toMatchObject({
      build: "none",
      base: { in_registry: false },
      golden: { in_registry: true, digest },
    });
  });

  it("goes by what can be used here", async () => {
    installDocker("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    const github = { GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "me/golden" };
    expect(await plan(["--check-registry"], github)).toMatchObject({ build: "github_actions" });
    const { code, stdout, stderr } = await cend(["plan", "app.json", "--check-registry"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(
      "are not in the registry, and nothing here can build: Docker cannot be used (Cannot connect",
    );
    expect(stderr).toContain("GITHUB_TOKEN and GITHUB_REPOSITORY are not set. There are three ways out: start Docker;");
    const wish = await cend(["plan", "app.json", "--check-registry"], { COMFY_ENDPOINTS_IMAGE_BUILD_BACKEND: "local" });
    expect(wish.stderr).toContain('COMFY_ENDPOINTS_IMAGE_BUILD_BACKEND is "local", but Docker cannot be used');
  });

  it("says that the registry refused, and takes that for no answer", async () => {
    login("me", "wrong");
    const { code, stderr } = await cend(["plan", "app.json", "--check-registry"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`it refused the login of ${join(folder, ".docker/config.json")}; give one that may pull`);
    expect(stderr).not.toMatch(/a fault of comfy-endpoints|wrong/);
  });

  it("takes an image that the app names as it is", async () => {
    const imageRef = `${registry.host}/me/mine:1`;
    writeApp(folder, { build: { comfy_version: "0.3.64", plugins: [], image_ref: imageRef } });
    expect(await plan()).toEqual({ app_id: "cards", backend: "prebuilt", golden: { image_ref: imageRef } });
    const missing = await cend(["plan", "app.json", "--check-registry"]);
    expect(missing.stderr).toContain(`${imageRef} is not in the registry, and`);
    const digest = registry.put("me/mine", "1");
    expect(await plan(["--check-registry"])).toMatchObject({ build: "none", golden: { in_registry: true, digest } });
  });
});
