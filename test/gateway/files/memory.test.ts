import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { contractDocument, workflowDocument } from "../../support/apps.ts";
import { type GatewayProgram, startGatewayProgram } from "../../support/gateway-program.ts";
import { hashOfDownload, uploadLarge } from "../../support/large-files.ts";
import { residentBytes, watchMemory } from "../../support/memory.ts";

const key = "key-of-the-memory-test";

let folder: string;
let gateway: GatewayProgram;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-memory-"));
  writeFileSync(join(folder, "contract.json"), JSON.stringify(contractDocument));
  writeFileSync(join(folder, "workflow.json"), JSON.stringify(workflowDocument));
  const flags = ["--contract-path", "contract.json", "--workflow-path", "workflow.json"];
  // Nothing answers there: files need no ComfyUI.
  const comfy = ["--comfy-url", "http://127.0.0.1:9", "--listen-port", "0"];
  gateway = startGatewayProgram([...flags, ...comfy], { cwd: folder, env: { COMFY_ENDPOINTS_API_KEY: key } });
});
afterEach(async () => {
  await gateway.kill();
  rmSync(folder, { recursive: true, force: true });
});

it("256 MiB go up and down and are never held as a whole", { timeout: 60_000 }, async () => {
  const url = await gateway.url();
  const pid = gateway.process.pid ?? 0;
  // What the first request loads is not the file's.
  await uploadLarge(url, key, 1);
  const before = residentBytes(pid);
  const most = watchMemory(pid);
  const file = await uploadLarge(url, key, 256);
  expect(file.size_bytes).toBe(256 * 1024 ** 2);
  const hashes = await Promise.all([hashOfDownload(url, key, file), hashOfDownload(url, key, file)]);
  expect(hashes).toEqual([file.sha256, file.sha256]);
  // How far below depends on how busy the collector is; bench/ measures it.
  expect((most() - before) / 1024 ** 2).toBeLessThan(128);
});
