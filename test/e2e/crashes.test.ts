import { describe, expect, it } from "vitest";
import { runCrashes, variants } from "../crashes/crash-run.ts";

const seed = Number(process.env["CRASHES_SEED"] ?? 1 + (Date.now() % 1_000_000));

// All 1,000 jobs and 10 kills: npm run crashes.
describe(`every accepted job ends once, whoever is killed (seed ${seed}; the same again with CRASHES_SEED)`, () => {
  it.each(variants)("$label", async (variant) => {
    const { problems, summary, log } = await runCrashes({ ...variant, jobs: 150, kills: 3, seed });
    console.log(`${variant.label}: ${summary}`);
    expect(problems, log).toEqual([]);
  });
});
