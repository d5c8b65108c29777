/** `npm run bench -- files`: what a file of 1 GiB costs on its way up and down. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contractDocument, workflowDocument } from "../test/support/apps.ts";
import { startGatewayProgram } from "../test/support/gateway-program.ts";
import { hashOfDownload, uploadLarge } from "../test/support/large-files.ts";
import { residentBytes, watchMemory } from "../test/support/memory.ts";
import { mib, print, seconds, stopwatch } from "./measure.ts";

const key = "key-of-the-bench";
const mebibytes = 1024;

const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-bench-"));
writeFileSync(join(folder, "contract.json"), JSON.stringify(contractDocument));
writeFileSync(join(folder, "workflow.json"), JSON.stringify(workflowDocument));
const gateway = startGatewayProgram(
  [
    ...["--contract-path", "contract.json", "--workflow-path", "workflow.json"],
    ...["--comfy-url", "http://127.0.0.1:9", "--listen-port", "0"],
  ],
  { cwd: folder, env: { COMFY_ENDPOINTS_API_KEY: key } },
);
try {
  const url = await gateway.url();
  const pid = gateway.process.pid ?? 0;
  // What the first request loads is not the file's.
  await uploadLarge(url, key, 1);
  const before = residentBytes(pid);
  const memory = watchMemory(pid);
  let time = stopwatch();
  const file = await uploadLarge(url, key, mebibytes);
  const up = { took: time(), memory: memory() - before };
  const memoryDown = watchMemory(pid);
  time = stopwatch();
  const hash = await hashOfDownload(url, key, file);
  const down = { took: time(), memory: memoryDown() - before };
  if (hash !== file.sha256) throw new Error(`the download's hash is ${hash}, not ${file.sha256}`);
  const byHand = await hashAndWrite();
  print([
    [`upload of ${mebibytes} MiB`, seconds(up.took), "on disk and hashed when it is answered"],
    ["  the same bytes hashed, written and synced by hand", seconds(byHand), ""],
    ["  ratio", (up.took / byHand).toFixed(2), ""],
    ["  memory added", mib(up.memory), "at most 64 MiB"],
    [`download of ${mebibytes} MiB`, seconds(down.took), "hashed by the caller"],
    ["  memory added", mib(down.memory), "at most 64 MiB"],
  ]);
} finally {
  await gateway.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** What cannot be saved: one hash of all bytes, and one copy of them on the disk. */
async function hashAndWrite(): Promise<number> {
  const path = join(folder, "by-hand");
  const piece = Buffer.alloc(1024 ** 2, "0123456789abcdef");
  const time = stopwatch();
  const hash = createHash("sha256");
  const target = await open(path, "w");
  for (let at = 0; at < mebibytes; at++) {
    hash.update(piece);
    await target.write(piece);
  }
  await target.sync();
  await target.close();
  hash.digest();
  const taken = time();
  await rm(path);
  return taken;
}
