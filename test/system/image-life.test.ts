import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { block } from "../support/documents.ts";
import { needsProgram } from "../support/needs-program.ts";
import type { TestStack } from "../support/stack.ts";
import { changeBase, type ImageWorld, startImageWorld } from "./support/image-world.ts";
import { beforeAllWithTools } from "./support/tools.ts";

let world: ImageWorld;
let stack: TestStack;
/** The same program, cloned by somebody else, with a state of its own. */
let fresh: TestStack;

beforeAllWithTools(async () => {
  world = await startImageWorld();
  stack = await world.stack(world.copy);
});
afterAll(() => (world as ImageWorld | undefined)?.close());

async function run(of: TestStack, ...args: string[]): Promise<string> {
  const { code, output } = await of.pulumi(...args);
  expect(code, output).toBe(0);
  return output;
}
const up = (of: TestStack, ...args: string[]) => run(of, "up", "--yes", "--skip-preview", ...args);
const imageRef = async (of: TestStack): Promise<unknown> => (await of.outputs())["imageRef"];
const repositories = async (): Promise<number[]> => [
  (await world.registry.tags("me/base")).length,
  (await world.registry.tags("me/golden")).length,
];
async function withoutDocker(does: () => Promise<unknown>): Promise<void> {
  world.power.off();
  try {
    await does();
  } finally {
    world.power.on();
  }
}

/** In the order in which it happens: each step starts where the last one ended. */
describe("the images of an app that names none", { timeout: 300_000 }, () => {
  it("are not built by a preview", async () => {
    expect(await run(stack, "preview")).toMatch(/docker:index:Image endpoint-build create/);
    expect(await world.news()).toEqual([]);
    expect(await repositories()).toEqual([0, 0]);
  });

  it("are both built and pushed by the first up, and the pod runs what was pushed, by its digest", async () => {
    await up(stack);
    const [base = ""] = await world.registry.tags("me/base");
    const [golden = ""] = await world.registry.tags("me/golden");
    expect(base).toMatch(/^0\.3\.64-base-[0-9a-f]{12}$/);
    expect(golden).toMatch(/^0\.3\.64-v1-[0-9a-f]{12}$/);
    expect(await world.news()).toEqual([
      { action: "tag", image: `me/base:${base}` },
      { action: "push", image: `me/base:${base}` },
      { action: "tag", image: `me/golden:${golden}` },
      { action: "push", image: `me/golden:${golden}` },
    ]);
    const pushed = await world.registry.digest("me/golden", golden);
    expect(await imageRef(stack)).toBe(`${world.registry.host}/me/golden@${pushed ?? ""}`);
    expect(world.runpod.account.pods().map(({ job }) => job.imageName)).toEqual([await imageRef(stack)]);
  });

  it("are built by no second up, which changes nothing", async () => {
    await up(stack, "--expect-no-changes");
    await run(stack, "preview", "--expect-no-changes");
    expect(await world.news()).toEqual([]);
  });

  it("are found by another clone with a state of its own, with Docker and without", async () => {
    fresh = await world.stack(world.clone("clone"));
    await up(fresh);
    expect(await imageRef(fresh)).toBe(await imageRef(stack));
    await withoutDocker(() => up(fresh, "--expect-no-changes"));
    await withoutDocker(() => run(fresh, "destroy", "--yes", "--skip-preview"));
    await withoutDocker(() => up(fresh));
    await up(fresh, "--expect-no-changes");
    expect(await world.news()).toEqual([]);
  });

  it("are made anew as far as a change goes: of the gateway only the golden one", async () => {
    const before = await imageRef(stack);
    appendFileSync(join(world.copy, "gateway/main.ts"), "// changed\n");
    await up(stack);
    expect((await world.news()).filter(({ action }) => action === "push")).toEqual([
      { action: "push", image: expect.stringContaining("me/golden:") as string },
    ]);
    expect(await imageRef(stack)).not.toBe(before);
    await up(stack, "--expect-no-changes");
    expect(await repositories()).toEqual([1, 2]);
  });

  it("are both made anew when the base changes", async () => {
    changeBase(world.copy);
    await up(stack);
    expect((await world.news()).filter(({ action }) => action === "push")).toEqual([
      { action: "push", image: expect.stringContaining("me/base:") as string },
      { action: "push", image: expect.stringContaining("me/golden:") as string },
    ]);
    await up(stack, "--expect-no-changes");
    expect(await repositories()).toEqual([2, 3]);
  });

  it("do not keep Pulumi from going on without Docker, once they are out of the stack as the README has it", async (context) => {
    needsProgram(context, "jq");
    await withoutDocker(async () => {
      expect((await stack.pulumi("preview")).output).toContain("failed to connect to any docker daemon");
      await stack.shell(block("README.md#deploy-to-runpod:2"));
      await up(stack, "--expect-no-changes");
    });
    await up(stack, "--expect-no-changes");
    expect(await world.news()).toEqual([]);
  });

  it("stay in the registry when the stacks are destroyed", async () => {
    await run(stack, "destroy", "--yes", "--skip-preview");
    await withoutDocker(() => run(fresh, "destroy", "--yes", "--skip-preview"));
    expect(world.runpod.account.pods()).toEqual([]);
    expect(await repositories()).toEqual([2, 3]);
    expect(await world.news()).toEqual([]);
  });
});
