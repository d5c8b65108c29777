/** `npm run crashes`: kills the gateway or ComfyUI again and again under load, and looks whether a job is lost. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { atLeastOne } from "../support/at-least-one.ts";
import { runCrashes, variants } from "./crash-run.ts";

interface Flags {
  jobs: number;
  kills: number;
  seed: number;
}

await new Command("crashes")
  .description("Kills the gateway or ComfyUI again and again under load, and looks whether a job is lost or run twice")
  .option("--jobs <number>", "jobs of each variant", atLeastOne, 1000)
  .option("--kills <number>", "kills of each variant", atLeastOne, 10)
  .option("--seed <number>", "which moments; without it others every time", atLeastOne, 1 + (Date.now() % 1_000_000))
  .action(main)
  .parseAsync();

async function main({ jobs, kills, seed }: Flags): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => interruption.abort(new Error("interrupted")));
  }
  console.log(`${variants.length} variants, seed ${seed}`);
  let passed = 0;
  let failed = 0;
  for (const variant of variants) {
    const { problems, summary, log } = await runCrashes({ ...variant, jobs, kills, seed }, interruption.signal);
    console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${variant.label}: ${summary}`);
    if (problems.length === 0) {
      passed += 1;
      continue;
    }
    failed += 1;
    if (interruption.signal.aborted) break;
    const file = join(mkdtempSync(join(tmpdir(), "comfy-endpoints-crashes-")), "gateway.log");
    writeFileSync(file, log);
    console.log(`${problems.map((problem) => `     ${problem}\n`).join("")}     the gateway's log: ${file}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}
