import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createStackOf, type TestStack } from "../support/stack.ts";
import { type Docker, startDocker } from "./support/docker.ts";
import { dockerPlugin } from "./support/docker-plugin.ts";
import { type DockerRegistry, startDockerRegistry } from "./support/docker-registry.ts";
import { type DockerSwitch, dockerSwitch } from "./support/docker-switch.ts";
import { beforeAllWithTools } from "./support/tools.ts";

// What was measured of the plugin itself, in the order of a stack's life: the same holds with it in the stand-in's place.
const program = `
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
const config = new pulumi.Config();
const args = JSON.parse(config.require("image"));
if (args.registry?.password) args.registry.password = pulumi.secret(args.registry.password);
const image = config.getBoolean("none") ? undefined : new docker.Image("hello", args);
export const repoDigest = image?.repoDigest;
`;

let docker: Docker;
let power: DockerSwitch;
let registry: DockerRegistry;
let stack: TestStack;
let folder: string;
let image: { imageName: string; build: Record<string, unknown>; registry: Record<string, string> };

beforeAllWithTools(async () => {
  docker = await startDocker();
  registry = await startDockerRegistry();
  folder = mkdtempSync(join(tmpdir(), "docker-provider-test-"));
  mkdirSync(join(folder, "app"));
  writeFileSync(
    join(folder, "app/Dockerfile"),
    "FROM scratch\nARG GREETING=none\nLABEL greeting=$GREETING\nCOPY hello /\n",
  );
  writeFileSync(join(folder, "app/hello"), "hello\n");
  writeFileSync(join(folder, "index.ts"), program);
  writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  symlinkSync(resolve(import.meta.dirname, "../../node_modules"), join(folder, "node_modules"));
  const project = `name: test\nmain: index.ts\nruntime: {name: nodejs, options: {typescript: false}}\n`;
  writeFileSync(join(folder, "Pulumi.yaml"), project + dockerPlugin(folder));
  power = dockerSwitch(docker, folder);
  stack = await createStackOf(folder, power.env);
  image = {
    imageName: `${registry.host}/me/hello:1`,
    build: { context: "app", dockerfile: "app/Dockerfile", platform: "linux/amd64" },
    registry: { server: registry.host },
  };
});
afterAll(async () => {
  (stack as TestStack | undefined)?.remove();
  await (registry as DockerRegistry | undefined)?.stop();
  await (docker as Docker | undefined)?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const configure = () => stack.pulumi("config", "set", "image", JSON.stringify(image));
async function up(): Promise<{ changes: Record<string, number>; digest: unknown }> {
  await configure();
  const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
  expect(code, output).toBe(0);
  return { changes: await stack.changes(), digest: (await stack.outputs())["repoDigest"] };
}
const pushed = () => registry.digest("me/hello", "1");

describe("docker.Image", { timeout: 300_000 }, () => {
  it("is not built by a preview, which does not know its digest", async () => {
    await configure();
    const { code, output } = await stack.pulumi("preview", "--diff");
    expect(code, output).toBe(0);
    expect(output).toMatch(/repoDigest *: \[unknown\]|repoDigest: output<string>/);
    expect(await pushed()).toBeUndefined();
  });

  it("is built and pushed, and known by the digest that the registry has", async () => {
    const { changes, digest } = await up();
    expect(changes).toEqual({ create: 2 });
    expect(digest).toBe(`${registry.host}/me/hello@${String(await pushed())}`);
  });

  it("is unchanged the second time, and when only times or passwords are others", async () => {
    expect((await up()).changes).toEqual({ same: 2 });
    utimesSync(join(folder, "app/hello"), 1, 1);
    image.registry = { server: registry.host, username: "me", password: "a secret password" };
    expect((await up()).changes).toEqual({ same: 2 });
    expect(await stack.state()).not.toContain("a secret password");
  });

  it.each<[string, () => void]>([
    ["mode of a file", () => chmodSync(join(folder, "app/hello"), 0o755)],
    ["content of a file", () => writeFileSync(join(folder, "app/hello"), "good morning\n")],
    ["build argument", () => (image.build["args"] = { GREETING: "hi" })],
    ["Dockerfile", () => writeFileSync(join(folder, "app/Dockerfile"), "FROM scratch\nCOPY hello /greeting\n")],
  ])("is built again for another %s, and never replaced", async (_, change) => {
    const before = await pushed();
    change();
    const { changes, digest } = await up();
    expect(changes).toEqual({ same: 1, update: 1 });
    expect(await pushed()).not.toBe(before);
    expect(digest).toBe(`${registry.host}/me/hello@${String(await pushed())}`);
  });

  it("leaves out what the Dockerfile's own ignore file names, and then asks no other", async () => {
    writeFileSync(join(folder, "app/.dockerignore"), "hello\n");
    writeFileSync(join(folder, "app/Dockerfile.dockerignore"), "# nothing\n");
    // The ignore files are files of the context themselves.
    expect((await up()).changes).toEqual({ same: 1, update: 1 });
    writeFileSync(join(folder, "app/hello"), "good evening\n");
    expect((await up()).changes).toEqual({ same: 1, update: 1 });
  });

  it("looks for its Dockerfile from the program's folder", async () => {
    const { dockerfile } = image.build;
    image.build["dockerfile"] = "Dockerfile";
    await configure();
    const { code, output } = await stack.pulumi("preview");
    image.build["dockerfile"] = dockerfile;
    expect([code === 0, output]).toEqual([
      false,
      expect.stringContaining('Try setting dockerfile to "app/Dockerfile"'),
    ]);
  });

  it("does not notice that it is gone from the registry", async () => {
    await fetch(`http://${registry.host}/v2/me/hello/manifests/${String(await pushed())}`, { method: "DELETE" });
    expect(await pushed()).toBeUndefined();
    await configure();
    await stack.pulumi("refresh", "--yes", "--skip-preview");
    expect((await up()).changes).toEqual({ same: 2 });
  });

  it("lets nothing happen where no daemon answers: no preview, no up, no destroy", async () => {
    power.off();
    try {
      for (const args of [["preview"], ["up", "--yes", "--skip-preview"], ["destroy", "--yes", "--skip-preview"]]) {
        const { code, output } = await stack.pulumi(...args);
        expect([...args, code === 0, output]).toEqual([
          ...[...args, false],
          expect.stringContaining("failed to connect to any docker daemon"),
        ]);
      }
    } finally {
      power.on();
    }
  });

  it("stays in the registry, and here, when the stack is destroyed", async () => {
    writeFileSync(join(folder, "app/hello"), "good night\n");
    await up();
    const { code, output } = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect(await pushed()).toBeDefined();
    expect(await docker.run("image", "inspect", "--format", "{{.Id}}", image.imageName)).toMatch(/^sha256:/);
  });
});
