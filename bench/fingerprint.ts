/** `npm run bench -- fingerprint`: what an image is named after, against git and sha256sum on the same files. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { appSchema } from "../contract/app.ts";
import { planImages } from "../providers/image/plan/plan.ts";
import { median, milliseconds, print, stopwatch } from "./measure.ts";

const root = join(import.meta.dirname, "..");
const rounds = 15;
const app = appSchema.parse(JSON.parse(readFileSync(join(root, "apps/demo/app.json"), "utf8")));

const plan = async () => planImages(app, { projectFolder: root, subject: "the demo app" });
const { base, golden } = await plan();
const paths = [base, golden].flatMap(({ dockerfile, files }) => [dockerfile, ...files.map(({ path }) => path)]);

const ours: number[] = [];
const tools: number[] = [];
for (let round = 0; round < rounds; round++) {
  const time = stopwatch();
  await plan();
  ours.push(time());
  const toolTime = stopwatch();
  const script = 'git ls-files "$@" > /dev/null; sha256sum "$@" | sha256sum';
  const { status } = spawnSync("sh", ["-c", script, "sh", ...paths], { cwd: root, stdio: "ignore" });
  if (status !== 0) throw new Error("sha256sum failed");
  tools.push(toolTime());
}
print([
  [`tags of both images, ${paths.length} files`, milliseconds(median(ours)), `median of ${rounds}`],
  ["  git ls-files and sha256sum", milliseconds(median(tools)), `median of ${rounds}`],
  ["  more for ours", milliseconds(median(ours) - median(tools)), "at most 150 ms"],
]);
