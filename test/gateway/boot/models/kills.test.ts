import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { contractDocument, workflowDocument } from "../../../support/apps.ts";
import { type GatewayProgram, startGatewayProgram } from "../../../support/gateway-program.ts";
import {
  type ModelServer,
  modelBytes,
  type SentRange,
  sha256Of,
  startModelServer,
} from "../../../support/model-server.ts";
import { until } from "../../../support/until.ts";

const kills = 20;
const models = { "/a": modelBytes(24 * 1024 ** 2, "a"), "/b": modelBytes(9 * 1024 ** 2, "b") };

let server: ModelServer;
let folder: string;
let gateway: GatewayProgram | undefined;
beforeEach(async () => {
  server = await startModelServer();
  for (const [path, bytes] of Object.entries(models)) server.files.set(path, { bytes, bytesPerSecond: 120_000 });
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-kills-"));
});
afterEach(async () => {
  await gateway?.kill();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A container that boots, as far as a process can be one: on loopback, its root a folder. */
const start = (): GatewayProgram => {
  const artifacts = Object.entries(models).map(([path, bytes]) => ({
    ...{ source_url: server.url(path), match: path, target_subdir: "checkpoints", target_path: path.slice(1) },
    // Of one the hash is known, of the other nothing but its size.
    ...(path === "/a" && { sha256: sha256Of(bytes) }),
  }));
  return startGatewayProgram([], {
    cwd: folder,
    env: {
      COMFY_ENDPOINTS_API_KEY: "key-of-the-endpoint",
      COMFY_ENDPOINTS_CONTRACT_JSON: JSON.stringify(contractDocument),
      COMFY_ENDPOINTS_WORKFLOW_JSON: JSON.stringify(workflowDocument),
      COMFY_ENDPOINTS_APP_ARTIFACTS_JSON: JSON.stringify(artifacts),
      COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: folder,
      COMFY_ENDPOINTS_LOCAL_PORTS: "3000:0,8188:9",
      COMFY_START_COMMAND: "cat",
      RUNPOD_POD_ID: "pod1",
      NODE_COMPILE_CACHE: join(folder, "compiled"),
    },
  });
};

const modelsFolder = (): string => join(folder, "cache/models");
const incoming = (): string[] => {
  const path = join(modelsFolder(), ".comfy-endpoints/incoming");
  return existsSync(path) ? readdirSync(path) : [];
};

/** What the journals say is on disk, by the path at the server. */
function journaled(): Record<string, SentRange[]> {
  const journals = incoming().filter((name) => name.endsWith(".journal"));
  return Object.fromEntries(
    journals.map((name) => {
      const text = readFileSync(join(modelsFolder(), ".comfy-endpoints/incoming", name), "utf8");
      return [`/${name.charAt(13)}`, (JSON.parse(text) as { done: SentRange[] }).done];
    }),
  );
}

/** Which models are in their places; each of them must be whole. */
function inPlace(): string[] {
  return Object.entries(models).flatMap(([path, bytes]) => {
    const file = join(modelsFolder(), "checkpoints", path);
    if (!existsSync(file)) return [];
    expect(readFileSync(file).equals(bytes), `${path} is whole`).toBe(true);
    return [path];
  });
}

it(`a boot that is killed ${kills} times goes on each time, and fetches no finished byte again`, async () => {
  let advanced = 0;
  for (let kill = 0; kill < kills; kill++) {
    const before = journaled();
    const there = inPlace();
    server.requests.length = 0;
    gateway = start();
    await gateway.url();
    await sleep(Math.random() * 1500);
    await gateway.kill();
    for (const { path, range } of server.requests) {
      expect(there, `kill ${kill}: ${path} is asked for although it is there`).not.toContain(path);
      if (range === undefined || range.to === 1) continue;
      const again = (before[path] ?? []).filter((had) => range.from < had.to && had.from < range.to);
      expect(again, `kill ${kill}: of ${path} ${range.from}-${range.to} was there`).toEqual([]);
    }
    inPlace();
    if (JSON.stringify(journaled()) !== JSON.stringify(before)) advanced++;
  }
  expect(advanced).toBeGreaterThan(kills / 4);

  for (const file of server.files.values()) delete file.bytesPerSecond;
  gateway = start();
  const url = await gateway.url();
  await until("the models are there", async () => {
    const { phase } = (await (await fetch(`${url}/healthz`)).json()) as { phase: string };
    return phase === "comfyui";
  });
  expect([inPlace(), incoming()]).toEqual([["/a", "/b"], []]);
  // What was on its way when a kill came is fetched again, and no more than that.
  const size = Object.values(models).reduce((sum, bytes) => sum + bytes.length, 0);
  expect(server.sentBytes()).toBeLessThan(size * 1.5);
}, 240_000);
