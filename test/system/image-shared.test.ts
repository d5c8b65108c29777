import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { TestStack } from "../support/stack.ts";
import { type ImageWorld, startImageWorld } from "./support/image-world.ts";
import { beforeAllWithTools } from "./support/tools.ts";

const program = (app: string) => `
import { ComfyEndpoint } from "../components/comfy-endpoint.ts";
const imageBuild = { pollSeconds: 1 };
const [us, eu] = ["us", "eu"].map((name) => new ComfyEndpoint(name, { app: ${JSON.stringify(app)}, imageBuild }));
export const images = [us?.imageRef, eu?.imageRef];
`;

let world: ImageWorld;
let stack: TestStack;

beforeAllWithTools(async () => {
  world = await startImageWorld();
  const folder = join(world.copy, "two");
  mkdirSync(folder);
  writeFileSync(join(folder, "index.ts"), program(world.app));
  stack = await world.stack(folder);
});
afterAll(() => (world as ImageWorld | undefined)?.close());

/** In the order in which it happens: each step starts where the last one ended. */
describe("two endpoints of one program, of the same app", { timeout: 300_000 }, () => {
  it("fail together when their image cannot be built, and nobody waits for it", async () => {
    const dockerfile = join(world.copy, "docker/Dockerfile.golden");
    const good = readFileSync(dockerfile, "utf8");
    writeFileSync(dockerfile, `${good}COPY nothing /nothing\n`);
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    writeFileSync(dockerfile, good);
    expect(code).not.toBe(0);
    expect(output).toMatch(/nothing"?: (?:file does not exist|not found)/);
    expect(await world.registry.tags("me/golden")).toEqual([]);
  });

  it("have it built once, for the first one, as the preview says", async () => {
    const preview = await stack.pulumi("preview");
    expect(preview.output.match(/docker:index:Image \S+-build create/g)).toHaveLength(1);
    await world.news();
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    expect((await world.news()).filter(({ action }) => action === "push")).toHaveLength(1);
    const { images } = (await stack.outputs()) as { images: string[] };
    expect(new Set(images).size).toBe(1);
    expect(world.runpod.account.pods().map(({ job }) => job.imageName)).toEqual(images);
  });

  it("find nothing to change afterwards", async () => {
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    expect(code, output).toBe(0);
    const destroyed = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(destroyed.code, destroyed.output).toBe(0);
  });
});
