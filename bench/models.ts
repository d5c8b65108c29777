/** `npm run bench -- models`: a model of 1 GiB from a server that limits each connection, against aria2c. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { artifactsSchema } from "../contract/models/artifact.ts";
import { bringModels } from "../gateway/boot/models/step.ts";
import { createLog } from "../gateway/log.ts";
import { keepYoungSpaceSmall } from "../gateway/memory.ts";
import { residentBytes, watchMemory } from "../test/support/memory.ts";
import { median, print, seconds, stopwatch } from "./measure.ts";

const size = 1024 ** 3;
const bytesPerSecond = 8 * 1024 ** 2;
const rounds = 3;

keepYoungSpaceSmall();
const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-bench-"));
const program = [join(import.meta.dirname, "programs/limited-server.ts"), String(bytesPerSecond)];
const server = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "inherit"] });
try {
  const [address] = (await once(createInterface({ input: server.stdout }), "line")) as [string];
  const ours: number[] = [];
  const aria: number[] = [];
  let memory = 0;
  // What the first one loads is not the file's.
  await bring(address, 1024 ** 2);
  for (let round = 0; round < rounds; round++) {
    const before = residentBytes(process.pid);
    const watch = watchMemory(process.pid);
    ours.push(await bring(address, size));
    memory = Math.max(memory, watch() - before);
    const byAria = await withAria(`${address}/${size}`);
    if (byAria !== undefined) aria.push(byAria);
  }
  print([
    [`a model of ${size / 1024 ** 2} MiB`, seconds(median(ours)), `median of ${rounds}; hashed, synced, in its place`],
    ...(aria.length === 0
      ? [["  aria2c", "-", "is not installed"] as const]
      : [
          ["  aria2c -x8 -s8", seconds(median(aria)), `median of ${rounds}; neither hashed nor synced`] as const,
          ["  its time for ours", (median(aria) / median(ours)).toFixed(2), "at least 0.90"] as const,
        ]),
    ["  the server's limit, 8 connections", seconds((size / bytesPerSecond / 8) * 1000), "nobody can be faster"],
    ["  memory added", `${(memory / 1024 ** 2).toFixed(1)} MiB`, "at most 64 MiB"],
  ]);
} finally {
  server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** Brings a model of that size to an empty volume. */
async function bring(address: string, bytes: number): Promise<number> {
  const root = join(folder, "volume");
  const place = { match: "m", target_subdir: "checkpoints", target_path: "m" };
  const artifacts = artifactsSchema.parse([{ source_url: `${address}/${bytes}`, ...place }]);
  const time = stopwatch();
  const options = { artifacts, root, tokens: new Map<string, string>(), pod: "bench", log: createLog(() => undefined) };
  await bringModels(options, () => undefined, new AbortController().signal);
  const taken = time();
  if (statSync(join(root, "checkpoints/m")).size !== bytes) throw new Error("the model is not whole");
  rmSync(root, { recursive: true });
  return taken;
}

/** undefined where there is no aria2c. */
async function withAria(url: string): Promise<number | undefined> {
  if (spawnSync("aria2c", ["--version"]).error !== undefined) return undefined;
  const flags = ["-q", "-x8", "-s8", "--file-allocation=none", "--allow-overwrite=true"];
  const time = stopwatch();
  const aria2c = spawn("aria2c", [...flags, "-d", folder, "-o", "by-aria", url], { stdio: "inherit" });
  const [code] = (await once(aria2c, "close")) as [number | null];
  if (code !== 0) throw new Error(`aria2c ended with ${String(code)}`);
  return time();
}
