/** `npm run bench -- images`: what images that are named by their content add to an `up` that changes nothing. */
import { join } from "node:path";
import { writeApp } from "../test/support/app-folder.ts";
import type { TestStack } from "../test/support/stack.ts";
import { NoTool } from "../test/system/support/docker.ts";
import { type ImageWorld, startImageWorld } from "../test/system/support/image-world.ts";
import { median, print, seconds, stopwatch } from "./measure.ts";

const rounds = 7;

try {
  const world = await startImageWorld();
  await measure(world).finally(world.close);
} catch (error) {
  if (!(error instanceof NoTool)) throw error;
  console.log(`not measured: ${error.message}`);
}

async function measure(world: ImageWorld): Promise<void> {
  const named = await world.stack(world.copy);
  await named.pulumi("config", "set", "comfy-endpoints:app", writeApp(join(world.folder, "named")));
  const built = await world.stack(world.copy);
  const found = await world.stack(world.clone("found"));
  const stacks = { named, built, found };
  const unchanged = { named: [] as number[], built: [] as number[], found: [] as number[] };
  const names = Object.keys(stacks) as (keyof typeof stacks)[];
  for (const name of names) await up(stacks[name]);
  if (!(await built.state()).includes("docker:index/image:Image")) throw new Error("the stack holds no docker.Image");
  for (let round = 0; round < rounds; round++) {
    for (const name of names) unchanged[name].push(await up(stacks[name]));
    // Each of them comes first in its turn.
    names.push(...names.splice(0, 1));
  }
  const row = (what: string, name: keyof typeof stacks) =>
    [
      what,
      seconds(median(unchanged[name])),
      `median of ${rounds}; at least ${seconds(Math.min(...unchanged[name]))}`,
    ] as const;
  const ratio = (name: keyof typeof stacks) =>
    ["  ratio", (median(unchanged[name]) / median(unchanged.named)).toFixed(2), "at most 1.30"] as const;
  print([
    row("up without changes, an image that app.json names", "named"),
    row("  images that the stack has built, a docker.Image", "built"),
    ratio("built"),
    row("  images that the registry has", "found"),
    ratio("found"),
  ]);
  for (const name of names) await stacks[name].pulumi("destroy", "--yes", "--skip-preview");
}

async function up(stack: TestStack): Promise<number> {
  const time = stopwatch();
  const run = await stack.pulumi("up", "--yes", "--skip-preview");
  if (run.code !== 0) throw new Error(run.output);
  return time();
}
