/** `npm run bench -- images`: what images that are named by their content add to an `up` that changes nothing. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appSchema } from "../contract/app.ts";
import { parseImageRef } from "../providers/image/image-ref.ts";
import { planImages } from "../providers/image/plan.ts";
import { writeApp } from "../test/support/app-folder.ts";
import { appDocument } from "../test/support/apps.ts";
import { startLocalRunPod } from "../test/support/local-runpod.ts";
import { startTestRegistry } from "../test/support/registry.ts";
import { createTestStack, type TestStack } from "../test/support/stack.ts";
import { median, print, seconds, stopwatch } from "./measure.ts";

const rounds = 7;

const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-bench-"));
const registry = await startTestRegistry({ auth: "none" });
const runpod = await startLocalRunPod();
const build = { comfy_version: "0.3.64", plugins: [], image_repository: `${registry.host}/comfy/golden` };
const { golden } = await planImages(appSchema.parse({ ...appDocument, build }), {
  projectFolder: folder,
  subject: "the app",
});
const { repository, tag = "" } = parseImageRef(golden.imageRef);
registry.put(repository, tag);
const found = await createTestStack(runpod.env, { app: writeApp(join(folder, "found"), { build }) });
const named = await createTestStack(runpod.env, { app: writeApp(join(folder, "named")) });
try {
  for (const stack of [found, named]) await up(stack);
  const unchanged: { found: number[]; named: number[] } = { found: [], named: [] };
  for (let round = 0; round < rounds; round++) {
    unchanged.found.push(await up(found));
    unchanged.named.push(await up(named));
  }
  print([
    ["up without changes, images named by their content", seconds(median(unchanged.found)), `median of ${rounds}`],
    ["  an image that app.json names", seconds(median(unchanged.named)), `median of ${rounds}`],
    ["  ratio", (median(unchanged.found) / median(unchanged.named)).toFixed(2), "at most 1.30"],
  ]);
} finally {
  for (const stack of [found, named]) {
    await stack.pulumi("destroy", "--yes", "--skip-preview");
    stack.remove();
  }
  await runpod.close();
  registry.close();
  rmSync(folder, { recursive: true });
}

async function up(stack: TestStack): Promise<number> {
  const time = stopwatch();
  const run = await stack.pulumi("up", "--yes", "--skip-preview");
  if (run.code !== 0) throw new Error(run.output);
  return time();
}
