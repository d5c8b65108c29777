/** `npm run bench -- start`: how long the command line takes to its help, beside a bare commander program. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, milliseconds, print, stopwatch } from "./measure.ts";

const rounds = 25;
const root = join(import.meta.dirname, "..");
const programs = { cend: "cli/main.ts", commander: "bench/programs/commander-hello.ts" };
const times = { cend: [] as number[], commander: [] as number[] };

const cache = mkdtempSync(join(tmpdir(), "comfy-endpoints-bench-"));
try {
  // The first fills the cache of compiled code, which `cend` has.
  for (let round = 0; round <= rounds; round++) {
    for (const name of ["cend", "commander"] as const) {
      const time = stopwatch();
      const { status } = spawnSync(process.execPath, [join(root, programs[name]), "--help"], {
        env: { ...process.env, NODE_COMPILE_CACHE: cache },
      });
      if (status !== 0) throw new Error(`${programs[name]} --help ended with ${status}`);
      if (round > 0) times[name].push(time());
    }
  }
} finally {
  rmSync(cache, { recursive: true, force: true });
}

print([
  ["cend --help", milliseconds(median(times.cend)), `median of ${rounds}`],
  ["  a bare commander program", milliseconds(median(times.commander)), `median of ${rounds}`],
  ["  ratio", (median(times.cend) / median(times.commander)).toFixed(2), "at most 1.50"],
]);
