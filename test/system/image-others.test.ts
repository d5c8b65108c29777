import { appendFileSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { startCend } from "../support/cend.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import type { TestStack } from "../support/stack.ts";
import { ambientDockerPlugin } from "./support/docker-plugin.ts";
import { changeBase, commitChanges, type ImageWorld, startImageWorld } from "./support/image-world.ts";
import { beforeAllWithTools } from "./support/tools.ts";

let world: ImageWorld;
/** Repositories and tags of the copy as it is. */
let planned: Record<"base" | "golden", { repository: string; tag: string }>;

beforeAllWithTools(async () => {
  world = await startImageWorld();
});
beforeEach(async () => {
  if ((world as ImageWorld | undefined) === undefined) return;
  // Images that no other test has made.
  changeBase(world.copy);
  planned = await plan();
  await world.news();
});
afterAll(() => (world as ImageWorld | undefined)?.close());

async function plan(): Promise<typeof planned> {
  const { stdout, stderr } = await cend("image", "plan", world.app, "--json");
  expect(stdout, stderr).not.toBe("");
  const { base, golden } = JSON.parse(stdout) as Record<"base" | "golden", { image_ref: string }>;
  const split = ({ image_ref }: { image_ref: string }) => {
    const [repository = "", tag = ""] = image_ref.slice(world.registry.host.length + 1).split(":");
    return { repository, tag };
  };
  return { base: split(base), golden: split(golden) };
}

function cend(...args: string[]) {
  const home = mkdtempSync(join(world.folder, "cend-"));
  const env = { ...pulumiEnv(home), ...world.env, ...ambientDockerPlugin };
  return startCend(args, { cwd: world.folder, env, main: join(world.copy, "cli/main.ts") }).ended;
}

async function up(stack: TestStack): Promise<string> {
  const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
  expect(code, output).toBe(0);
  return String((await stack.outputs())["imageRef"]);
}
async function destroy(stack: TestStack): Promise<void> {
  const { code, output } = await stack.pulumi("destroy", "--yes", "--skip-preview");
  expect(code, output).toBe(0);
}
const digestOf = ({ repository, tag }: { repository: string; tag: string }) => world.registry.digest(repository, tag);
const runs = (): string[] => world.runpod.account.pods().map(({ job }) => job.imageName);
const pushes = async (): Promise<string[]> =>
  (await world.news()).filter(({ action }) => action === "push").map(({ image }) => image);

describe("images", { timeout: 600_000 }, () => {
  it("that somebody else has pushed are used as they are, and never pushed over", async () => {
    const { golden } = planned;
    const theirs = await world.registry.push(golden.repository, golden.tag);
    const stack = await world.stack(world.copy);
    expect(await up(stack)).toBe(`${world.registry.host}/${golden.repository}@${theirs}`);
    expect(await world.news()).toEqual([]);
    expect([await digestOf(golden), await digestOf(planned.base)]).toEqual([theirs, undefined]);
    await destroy(stack);
  });

  it("of which somebody else has pushed the base are built upon that", async () => {
    const { base, golden } = planned;
    const theirs = await world.registry.push(base.repository, base.tag);
    const stack = await world.stack(world.copy);
    await up(stack);
    expect(await pushes()).toEqual([`${golden.repository}:${golden.tag}`]);
    expect(await digestOf(base)).toBe(theirs);
    await destroy(stack);
  });

  it("are built once by two ups at once", async () => {
    const { base, golden } = planned;
    const stacks = [await world.stack(world.copy), await world.stack(world.clone("other"))];
    const [one, other] = await Promise.all(stacks.map(up));
    expect(one).toBe(other);
    expect(one).toBe(`${world.registry.host}/${golden.repository}@${(await digestOf(golden)) ?? ""}`);
    expect(await pushes()).toEqual([`${base.repository}:${base.tag}`, `${golden.repository}:${golden.tag}`]);
    for (const stack of stacks) await destroy(stack);
  });

  it("that Docker built do not keep cend from deploying and destroying where there is no Docker", async () => {
    const state = ["--state-dir", join(world.folder, "state")];
    const first = await cend("deploy", world.app, ...state);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).not.toContain("goes on without");
    const { golden, base } = planned;
    expect(await pushes()).toEqual([`${base.repository}:${base.tag}`, `${golden.repository}:${golden.tag}`]);
    world.power.off();
    try {
      const second = await cend("deploy", world.app, ...state);
      expect(second.code, second.stderr).toBe(0);
      const name = `${world.registry.host}/${golden.repository}:${golden.tag}`;
      expect(second.stderr).toContain(`; the stack goes on without ${name}, which its registry keeps.`);
      expect(JSON.parse(second.stdout)).toEqual(JSON.parse(first.stdout));
      const third = await cend("deploy", world.app, ...state);
      expect([third.code, third.stderr]).toEqual([0, expect.not.stringContaining("goes on without")]);
    } finally {
      world.power.on();
    }
    // With Docker again the registry still has them.
    const fourth = await cend("deploy", world.app, ...state);
    expect(fourth.code, fourth.stderr).toBe(0);
    expect(await world.news()).toEqual([]);
    const destroyed = await cend("destroy", world.app, ...state);
    expect(destroyed.code, destroyed.stderr).toBe(0);
  });

  it.each<[string, (copy: string) => void]>([
    ["gateway", (copy) => appendFileSync(join(copy, "gateway/main.ts"), "// changed\n")],
    ["base", changeBase],
  ])(
    "with another %s are deployed where there is no Docker once another machine has built them",
    async (part, change) => {
      const state = ["--state-dir", join(world.folder, "state")];
      const deployed = await cend("deploy", world.app, ...state);
      expect(deployed.code, deployed.stderr).toBe(0);
      change(world.copy);
      commitChanges(world.copy);
      const before = runs();
      world.power.off();
      try {
        const refused = await cend("deploy", world.app, ...state);
        expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("There are three ways out")]);
        expect(runs()).toEqual(before);
        world.power.on();
        const elsewhere = await world.stack(world.clone(`another-${part}`));
        const built = await up(elsewhere);
        await world.news();
        world.power.off();
        const changed = await cend("deploy", world.app, ...state);
        expect(changed.code, changed.stderr).toBe(0);
        expect(runs()).toEqual([built, built]);
        const destroyed = await cend("destroy", world.app, ...state);
        expect(destroyed.code, destroyed.stderr).toBe(0);
        expect(await world.news()).toEqual([]);
        world.power.on();
        await destroy(elsewhere);
      } finally {
        world.power.on();
      }
    },
  );

  it("that Docker built do not keep cend from destroying at once where there is no Docker", async () => {
    const state = ["--state-dir", join(world.folder, "state")];
    const deployed = await cend("deploy", world.app, ...state);
    expect(deployed.code, deployed.stderr).toBe(0);
    world.power.off();
    try {
      const destroyed = await cend("destroy", world.app, ...state);
      expect([destroyed.code, destroyed.stderr]).toEqual([0, expect.stringContaining("the stack goes on without")]);
    } finally {
      world.power.on();
    }
    expect(world.runpod.account.pods()).toEqual([]);
    expect(await digestOf(planned.golden)).toBeDefined();
  });
});
