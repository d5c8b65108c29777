import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findLogin } from "../../../../providers/image/registry/login.ts";

let folder: string;
let env: Record<string, string | undefined>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "login-"));
  env = { HOME: folder, PATH: `${folder}${delimiter}${process.env["PATH"] ?? ""}` };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });
const configFile = () => join(folder, ".docker/config.json");

function dockerConfig(config: unknown): void {
  mkdirSync(join(folder, ".docker"), { recursive: true });
  writeFileSync(configFile(), typeof config === "string" ? config : JSON.stringify(config));
}

/** A credential helper, which writes down what it was asked. */
function helper(name: string, script: string): void {
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\nread -r server\necho "$1 $server" >> "${folder}/asked"\n${script}\n`);
  chmodSync(path, 0o755);
}

const login = (registry: string, configured?: { registry: string; username: string; password: string }) =>
  findLogin(registry, { env, configured });

describe("a login", () => {
  it("is that of GHCR's variables first, then the stack's, then Docker's, then GitHub's", async () => {
    const configured = { registry: "ghcr.io", username: "stack", password: "p" };
    dockerConfig({ auths: { "ghcr.io": auth("docker:p") } });
    Object.assign(env, { GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "owner/name", GHCR_USERNAME: "ghcr", GHCR_TOKEN: "p" });
    expect(await login("ghcr.io", configured)).toEqual({
      ...{ source: "GHCR_USERNAME and GHCR_TOKEN", username: "ghcr", password: "p" },
    });
    delete env["GHCR_TOKEN"];
    expect(await login("ghcr.io", configured)).toMatchObject({ source: "the stack's config", username: "stack" });
    expect(await login("ghcr.io")).toMatchObject({ source: configFile(), username: "docker" });
    dockerConfig({});
    expect(await login("ghcr.io")).toEqual({ source: "GITHUB_TOKEN", isGuess: true, username: "owner", password: "t" });
    delete env["GITHUB_REPOSITORY"];
    expect(await login("ghcr.io")).toBeUndefined();
  });

  it("for GHCR is for no other registry", async () => {
    Object.assign(env, { GHCR_USERNAME: "u", GHCR_TOKEN: "p", GITHUB_TOKEN: "t", GITHUB_REPOSITORY: "owner/name" });
    expect(await login("r.example", { registry: "ghcr.io", username: "stack", password: "p" })).toBeUndefined();
  });
});

describe("Docker's config", () => {
  it.each([
    ["by its name", "r.example:5000", { "r.example:5000": auth("me:p:w") }],
    ["by an address", "r.example", { "https://r.example/v1/": auth("me:p:w") }],
    ["of the Hub", "docker.io", { "https://index.docker.io/v1/": auth("me:p:w") }],
    ["in two fields", "r.example", { "r.example": { username: "me", password: "p:w" } }],
  ])("gives the login of a registry %s", async (_, registry, auths) => {
    dockerConfig({ auths: { "other.example": auth("x:y"), ...auths } });
    expect(await login(registry)).toEqual({ source: configFile(), username: "me", password: "p:w" });
  });

  it("may hold an identity token", async () => {
    dockerConfig({ auths: { "r.example": { ...auth("me:"), identitytoken: "identity" } } });
    expect(await login("r.example")).toEqual({ source: configFile(), identityToken: "identity" });
  });

  it("may lie in another folder, be empty, or not be there", async () => {
    expect(await login("r.example")).toBeUndefined();
    dockerConfig({ auths: { "r.example": {} } });
    expect(await login("r.example")).toBeUndefined();
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: { "r.example": auth("me:p") } }));
    env["DOCKER_CONFIG"] = folder;
    expect(await login("r.example")).toMatchObject({ username: "me" });
  });

  it.each<[string, unknown, string]>([
    [
      "is no JSON",
      '{"auths": {"r.example": {"auth": "c2VjcmV0"',
      "gives something else than JSON; mend it, or remove it",
    ],
    [
      "is made otherwise",
      { auths: { "r.example": { auth: ["c2VjcmV0"] } } },
      '"auths.r.example.auth" is not as Docker writes it',
    ],
    ["names a path as its helper", { credsStore: "../../bin/c2VjcmV0" }, '"credsStore" is not as Docker writes it'],
  ])("is an error when it %s, which quotes nothing of it", async (_, config, message) => {
    dockerConfig(config);
    await expect(login("r.example")).rejects.toThrow(message);
    await expect(login("r.example")).rejects.toThrow(configFile());
    await expect(login("r.example")).rejects.not.toThrow("c2VjcmV0");
  });
});

describe("a credential helper", () => {
  it("is asked for the registry that names it, before the one for all", async () => {
    helper("one", `echo '{"ServerURL":"r.example","Username":"me","Secret":"p"}'`);
    helper("all", `echo '{"ServerURL":"x","Username":"<token>","Secret":"identity"}'`);
    dockerConfig({ credHelpers: { "r.example": "one" }, credsStore: "all", auths: { "docker.io": auth("x:y") } });
    expect(await login("r.example")).toEqual({ source: "docker-credential-one", username: "me", password: "p" });
    expect(await login("docker.io")).toEqual({ source: "docker-credential-all", identityToken: "identity" });
    expect(readFileSync(join(folder, "asked"), "utf8")).toBe("get r.example\nget https://index.docker.io/v1/\n");
  });

  it("may know no login", async () => {
    helper("all", `echo "credentials not found in native keychain"; exit 1`);
    dockerConfig({ credsStore: "all" });
    expect(await login("r.example")).toBeUndefined();
  });

  it.each([
    [
      "fails",
      "echo 'the keychain is locked'; exit 1",
      "docker-credential-all does not tell the login of r.example: the keychain is locked",
    ],
    ["dies without a word", "kill -9 $$", "does not tell the login of r.example: it ended with SIGKILL"],
    ["answers otherwise", "echo c2VjcmV0", "docker-credential-all gives something else than JSON"],
  ])("is named when it %s", async (_, script, message) => {
    helper("all", script);
    dockerConfig({ credsStore: "all" });
    await expect(login("r.example")).rejects.toThrow(message);
    await expect(login("r.example")).rejects.not.toThrow("c2VjcmV0");
  });

  it("is named when it is not installed", async () => {
    dockerConfig({ credsStore: "desktop" });
    await expect(login("r.example")).rejects.toThrow(
      "docker-credential-desktop, which Docker's config names, cannot be started: spawn docker-credential-desktop ENOENT",
    );
  });
});
