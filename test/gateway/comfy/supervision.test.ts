import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { podPaths } from "../../../contract/pod-env.ts";
import { nobodyThere } from "../../support/closed-port.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

const standIn = join(import.meta.dirname, "../../../local/comfyui/main.ts");
let folder: string;
let gateway: TestGateway;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-supervision-"));
});
afterEach(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

const node = (class_type: string) => ({
  prompt: {
    "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
    "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "card" } },
    "3": { class_type, inputs: { nonce: 0 } },
  },
});
const contract = {
  contract_id: "deadly-contract",
  version: "v1",
  inputs: [{ name: "nonce", type: "integer", required: true, node_id: "3", field: "nonce" }],
  outputs: [{ name: "image", type: "image/png", node_id: "2" }],
};

/** A gateway with a ComfyUI of its own, as in a pod. */
async function start(workflow: object): Promise<void> {
  const url = await nobodyThere();
  const env = {
    PATH: process.env["PATH"] ?? "",
    COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: folder,
    COMFY_ENDPOINTS_LOCAL_PORTS: `8188:${new URL(url).port}`,
  };
  gateway = await startGateway({
    ...{ workflow, contract, ready: false },
    settings: (settings) => ({
      ...settings,
      comfy: { url, folder: join(folder, podPaths.comfy), process: { command: [process.execPath, standIn], env } },
    }),
  });
  await healthy();
}
const healthy = () => until("it is healthy", async () => (await fetch(`${gateway.url}/healthz`)).ok, 60);

it.each(["LocalDie", "LocalBytes"])(
  "a prompt with %s, which ends ComfyUI, fails in the end; ComfyUI is there again",
  async (name) => {
    await start(node(name));
    const id = await gateway.run({ nonce: 1 });
    await until("the job has ended", async () => (await gateway.job(id)).state === "failed", 60);
    // Where the gateway did not listen yet, ComfyUI lives on and cannot tell what came of it.
    expect((await gateway.job(id)).error).toMatch(/^QUEUE_ERROR:(given up after 3 attempts|ComfyUI answered 500)/);
    await healthy();
  },
);
