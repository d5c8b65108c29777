import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeApp } from "../support/app-folder.ts";
import { appDocument } from "../support/apps.ts";
import { commandLines, holds, textBelow } from "../support/leaks.ts";
import type { TestStack } from "../support/stack.ts";
import { basicOf, registryUser } from "./support/docker-registry.ts";
import { type GuardedRegistry, startGuardedRegistry } from "./support/guarded-registry.ts";
import { commitChanges, type ImageWorld, startImageWorld } from "./support/image-world.ts";
import { beforeAllWithTools } from "./support/tools.ts";

/** The user of another registry, whom only Docker knows. */
const them = { username: "them", password: "canary-of-another-registry" };

let world: ImageWorld;
let guarded: GuardedRegistry;
/** Has the login in its config. */
let stack: TestStack;
/** A configuration of Docker's that knows both registries. */
let knowsBoth: string;
const printed: string[] = [];
const seenOnCommandLines = new Set<string>();
let watch: NodeJS.Timeout | undefined;

beforeAllWithTools(async () => {
  world = await startImageWorld("htpasswd");
  guarded = await startGuardedRegistry(them);
  world.env["DOCKER_CONFIG"] = dockerConfig("knows-other", { [guarded.host]: them });
  knowsBoth = dockerConfig("knows-both", { [guarded.host]: them, [world.registry.host]: registryUser });
  await takeTool(await pushTool());
  stack = await stackWithLogin();
  watch = setInterval(() => {
    for (const secret of leaked(commandLines())) seenOnCommandLines.add(secret);
  }, 50);
});
afterAll(async () => {
  clearInterval(watch);
  await (guarded as GuardedRegistry | undefined)?.stop();
  await (world as ImageWorld | undefined)?.close();
});

/** A configuration of Docker's with these logins, by registry. */
function dockerConfig(name: string, logins: Record<string, typeof them>): string {
  const folder = join(world.folder, name);
  mkdirSync(folder);
  const auths = Object.entries(logins).map(([host, user]) => [host, { auth: basicOf(user).replace("Basic ", "") }]);
  writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: Object.fromEntries(auths) as unknown }));
  return folder;
}

async function pushTool(): Promise<string> {
  const image = `${guarded.host}/them/tool:1`;
  const context = join(world.folder, "tool");
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY tool /tool\n");
  writeFileSync(join(context, "tool"), "a tool\n");
  await world.docker.run("build", "--tag", image, context);
  await world.docker.run("--config", knowsBoth, "push", image);
  return image;
}

/** The golden image takes a file of one that is in the other registry. */
async function takeTool(image: string): Promise<void> {
  const dockerfile = join(world.copy, "docker/Dockerfile.golden");
  const own = "FROM ${BASE_IMAGE}\n";
  const lines = `FROM ${image} AS tool\n${own}COPY --from=tool /tool /tool\n`;
  writeFileSync(dockerfile, readFileSync(dockerfile, "utf8").replace(own, lines));
  commitChanges(world.copy);
  await forgetImages();
}

/** From now on this machine has none of the images any more. */
async function forgetImages(): Promise<void> {
  const { docker } = world;
  const listed = await docker.run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}");
  const hosts = [world.registry.host, guarded.host];
  const ours = listed.split("\n").filter((name) => hosts.some((host) => name.startsWith(`${host}/`)));
  await docker.run("image", "rm", "--force", ...ours);
}

async function stackWithLogin(program = world.copy): Promise<TestStack> {
  const made = await world.stack(program);
  await giveLogin(made);
  return made;
}
async function giveLogin(to: TestStack): Promise<void> {
  await to.pulumi("config", "set", "comfy-endpoints:registryUsername", registryUser.username);
  await to.setSecret("comfy-endpoints:registryPassword", registryUser.password);
}

async function run(of: TestStack, ...args: string[]): Promise<string> {
  const { code, output } = await of.pulumi(...args);
  printed.push(output);
  expect(code, output).toBe(0);
  return output;
}
const up = (of: TestStack, ...args: string[]) => run(of, "up", "--yes", "--skip-preview", ...args);
const destroy = (of: TestStack) => run(of, "destroy", "--yes", "--skip-preview");

const changeGateway = (): void => appendFileSync(join(world.copy, "gateway/main.ts"), "// changed\n");
const pushes = async (): Promise<string[]> =>
  (await world.news()).filter(({ action }) => action === "push").map(({ image }) => image.replace(/:.*/, ""));
const isHere = (image: string): Promise<boolean> =>
  world.docker.run("image", "inspect", image).then(
    () => true,
    () => false,
  );
const baseOf = async (of: TestStack): Promise<string> => String((await of.outputs())["baseImageRef"]);
const pods = () =>
  world.runpod.account.pods().map(({ job }) => ({ image: job.imageName, auth: job.containerRegistryAuthId }));
const leaked = (text: string): string[] =>
  [registryUser, them].flatMap((user) => {
    const encoded = basicOf(user).replace("Basic ", "");
    return holds(text, user.password) || text.includes(encoded) ? [user.password] : [];
  });
const warning = "is private, and the pod is given no login to pull it with";

/** In the order in which it happens: each step starts where the last one ended. */
describe("the images of an app in a registry that demands a login", { timeout: 300_000 }, () => {
  it("are pushed with the login of the stack's config, and the pod pulls with the same", async () => {
    await up(stack);
    expect(await pushes()).toEqual(["me/base", "me/golden"]);
    const [golden = ""] = await world.registry.tags("me/golden");
    const digest = await world.registry.digest("me/golden", golden);
    const auths = world.runpod.account.registryAuths();
    expect(auths).toMatchObject([registryUser]);
    const { imageRef } = await stack.outputs();
    expect(imageRef).toBe(`${world.registry.host}/me/golden@${digest ?? ""}`);
    expect(pods()).toEqual([{ image: imageRef, auth: auths[0]?.id }]);
  });

  it("are built by no second up, which changes nothing", async () => {
    await up(stack, "--expect-no-changes");
    await run(stack, "preview", "--expect-no-changes", "--diff");
    expect(await world.news()).toEqual([]);
  });

  it("are found by a clone with the login, without Docker", async () => {
    const clone = await stackWithLogin(world.clone("clone"));
    world.power.off();
    try {
      await up(clone);
      expect(pods().map(({ image }) => image)).toEqual(Array(2).fill((await stack.outputs())["imageRef"]));
      expect(new Set(pods().map(({ auth }) => auth)).size).toBe(2);
      await destroy(clone);
    } finally {
      world.power.on();
    }
    expect(await world.news()).toEqual([]);
  });

  it("are built upon a base that another machine has pushed, with the login, which no other registry is shown", async () => {
    await forgetImages();
    const base = await baseOf(stack);
    expect(await isHere(base)).toBe(false);
    changeGateway();
    await up(stack);
    expect(await pushes()).toEqual(["me/golden"]);
    expect([...guarded.shown]).toEqual([basicOf(them)]);
  });

  it("are built upon a base that is in another registry, with Docker's own login for that one", async () => {
    const [image_repository, base_image_repository] = [`${world.registry.host}/me/two`, `${guarded.host}/them/base`];
    const build = { ...appDocument.build, image_ref: undefined, image_repository, base_image_repository };
    const other = await stackWithLogin();
    await other.pulumi("config", "set", "comfy-endpoints:app", writeApp(join(world.folder, "two"), { build }));
    await up(other);
    expect(await baseOf(other)).toContain(base_image_repository);
    await forgetImages();
    changeGateway();
    await up(other);
    expect(await pushes()).toEqual(["me/two", "me/two"]);
    expect([...guarded.shown]).toEqual([basicOf(them)]);
    await destroy(other);
  });

  it("show the login to nobody: not in state, logs, images, or to other processes", async () => {
    await run(stack, "refresh", "--yes", "--skip-preview", "--diff");
    await run(stack, "stack", "export");
    const [golden = ""] = await world.registry.tags("me/golden");
    const image = `${world.registry.host}/me/golden:${golden}`;
    await world.docker.run("--config", knowsBoth, "pull", image);
    const inside = [
      await world.docker.run("image", "inspect", image),
      await world.docker.run("history", "--no-trunc", image),
    ];
    expect(leaked(printed.join("\n"))).toEqual([]);
    expect(leaked(textBelow(stack.folder))).toEqual([]);
    expect(leaked(textBelow(join(world.copy, ".comfy_endpoints")))).toEqual([]);
    expect(leaked(inside.join("\n"))).toEqual([]);
    expect([...seenOnCommandLines]).toEqual([]);
  });

  it("that Docker pushed with its own login are told of, for the pod has none, until the config has one", async () => {
    world.env["DOCKER_CONFIG"] = knowsBoth;
    changeGateway();
    const own = await world.stack(world.copy);
    expect(await up(own)).toContain(warning);
    expect(await pushes()).toEqual(["me/golden"]);
    expect(pods().map(({ auth }) => auth)).toContain(undefined);
    expect(await up(own, "--expect-no-changes")).toContain(warning);
    await giveLogin(own);
    expect(await up(own)).not.toContain(warning);
    expect(pods().map(({ auth }) => auth)).not.toContain(undefined);
    expect(await world.news()).toEqual([]);
    await destroy(own);
  });

  it("stay there when the stack is destroyed, and RunPod forgets the login", async () => {
    await destroy(stack);
    expect([pods(), world.runpod.account.registryAuths()]).toEqual([[], []]);
    expect(await world.registry.tags("me/base")).toHaveLength(1);
    expect(await world.registry.tags("me/golden")).toHaveLength(3);
  });
});
