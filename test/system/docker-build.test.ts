import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildAndPush } from "../../providers/image/docker/docker-build.ts";
import type { PasswordLogin } from "../../providers/image/registry/login.ts";
import { createRegistry } from "../../providers/image/registry/registry.ts";
import { type Docker, startDocker } from "./support/docker.ts";
import { type DockerRegistry, registryUser, startDockerRegistry } from "./support/docker-registry.ts";
import { beforeAllWithTools } from "./support/tools.ts";

const me: PasswordLogin = { source: "this test", ...registryUser };

let folder: string;
let docker: Docker;
let registry: DockerRegistry;

beforeAllWithTools(async () => {
  folder = mkdtempSync(join(tmpdir(), "docker-build-test-"));
  mkdirSync(join(folder, "context"));
  writeFileSync(join(folder, "context/hello"), "hello\n");
  writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nARG GREETING\nLABEL greeting=$GREETING\nCOPY hello /\n");
  docker = await startDocker();
  registry = await startDockerRegistry("htpasswd");
});
afterAll(async () => {
  await (registry as DockerRegistry | undefined)?.stop();
  await (docker as Docker | undefined)?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const imageRef = (): string => `${registry.host}/me/hello:1`;

function build(login: PasswordLogin | undefined, logged: string[] = []): Promise<void> {
  const image = { imageRef: imageRef(), dockerfile: join(folder, "Dockerfile"), context: join(folder, "context") };
  // A helper that would be asked for every registry, if it were there.
  mkdirSync(join(folder, "config"), { recursive: true });
  writeFileSync(join(folder, "config/config.json"), '{"credsStore": "of-nobody"}');
  return buildAndPush(
    { ...image, buildArgs: { GREETING: "good morning" } },
    {
      env: { ...docker.env, DOCKER_BUILDKIT: undefined, DOCKER_CONFIG: join(folder, "config") },
      log: (line) => void logged.push(line),
      login: () => Promise.resolve(login),
      isPushed: () => Promise.resolve(false),
      signal: new AbortController().signal,
    },
  );
}
const digest = () =>
  createRegistry({ timeoutMs: 10_000, retryDelaysMs: [], login: () => Promise.resolve(me) }).digest(imageRef());

describe("an image built with Docker", () => {
  it("is pushed to a registry that wants a login, with that one and no other", async () => {
    const stranger: PasswordLogin = { ...me, password: "wrong" };
    await expect(build(stranger)).rejects.toThrow(`Docker did not push ${imageRef()}: it failed`);
    expect(await digest()).toBeUndefined();
    const logged: string[] = [];
    await build(me, logged);
    expect(await digest()).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(logged).toEqual(expect.arrayContaining([expect.stringContaining("COPY hello /")]));
    const format = '{{.Os}}/{{.Architecture}} {{index .Config.Labels "greeting"}}';
    expect(await docker.run("image", "inspect", "--format", format, imageRef())).toBe("linux/amd64 good morning");
  });

  it("is told of with the step that failed", async () => {
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\nCOPY nothing /\n");
    await expect(build(me)).rejects.toThrow(/it failed at ".*COPY nothing \/"\n/);
  });
});
