import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { until } from "../../support/until.ts";

const providers = join(import.meta.dirname, "../../../providers/runpod");

it("leaves what a process has compiled to the next one, though the process is killed", async () => {
  const cache = mkdtempSync(join(tmpdir(), "comfy-endpoints-compile-cache-"));
  const source = `
    (await import(${JSON.stringify(join(providers, "compile-cache.ts"))})).keepCompiled();
    await import(${JSON.stringify(join(providers, "pod-name.ts"))});
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
    stdio: "ignore",
  });
  try {
    const files = () => readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    await until("compiled modules are on disk", () => files().length > 0);
    expect(child.exitCode).toBeNull();
  } finally {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    rmSync(cache, { recursive: true });
  }
});
