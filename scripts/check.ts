/** `npm run check`: every check that needs no test, side by side; the whole output only of those that fail. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";

interface Check {
  name: string;
  /** A file below node_modules, or one of ours, and its arguments. */
  command: string[];
}

const root = join(import.meta.dirname, "..");

/** The slow ones first, so that the others fill the gaps. */
const checks: Check[] = [
  {
    name: "lint",
    // Without eslint's cache: what it finds in a file depends on the types of others.
    command: ["eslint/bin/eslint.js", ".", "--max-warnings=0"],
  },
  { name: "types", command: ["typescript/bin/tsc", "-p", "."] },
  { name: "types of pages", command: ["typescript/bin/tsc", "-p", "tsconfig.playground.json"] },
  { name: "import directions", command: ["dependency-cruiser/bin/dependency-cruiser.mjs", "."] },
  { name: "dead code", command: ["knip/bin/knip.js"] },
  { name: "duplicate code", command: ["jscpd/run-jscpd.js", "."] },
  { name: "format", command: ["@biomejs/biome/bin/biome", "check"] },
  { name: "python", command: ["../scripts/python/lint.ts"] },
];

process.exitCode = await main();

async function main(): Promise<number> {
  const waiting = [...checks];
  let failed = 0;
  const worker = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      if (!(await passes(check))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  if (failed > 0) console.log(`${failed} of ${checks.length} checks failed`);
  return failed > 0 ? 1 : 0;
}

function passes({ name, command: [program = "", ...args] }: Check): Promise<boolean> {
  const since = performance.now();
  const child = spawn(process.execPath, [join(root, "node_modules", program), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const seconds = ((performance.now() - since) / 1000).toFixed(1);
      console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(18)} ${seconds.padStart(5)} s`);
      if (code !== 0 || output.startsWith("skipped")) console.log(output);
      resolve(code === 0);
    });
  });
}
