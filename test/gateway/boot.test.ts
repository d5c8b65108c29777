import { afterEach, describe, expect, it } from "vitest";
import { contractDocument } from "../support/apps.ts";
import { drawPictures, startGateway, type TestGateway, type TestGatewayOptions } from "../support/gateway.ts";
import { until } from "../support/until.ts";

let gateway: TestGateway;
const boot = async (options: TestGatewayOptions): Promise<void> => {
  gateway = await startGateway({ ready: false, ...options });
};
afterEach(() => gateway.stop());

const health = async (): Promise<[number, unknown]> => {
  const response = await fetch(`${gateway.url}/healthz`);
  return [response.status, await response.json()];
};
const failed = async (): Promise<[number, unknown]> => {
  await until("the boot failed", async () => JSON.stringify(await health()).includes('"failed"'));
  return health();
};

describe("a boot", () => {
  it("that waits for ComfyUI says so, and takes runs that wait with it", async () => {
    await boot({
      comfy: (comfy) => {
        comfy.up = false;
        drawPictures(comfy);
      },
    });
    await until("ComfyUI is started", async () => JSON.stringify(await health()).includes("comfyui"));
    expect(await health()).toEqual([503, { status: "starting", phase: "comfyui" }]);
    const id = await gateway.run({ prompt: "x" });
    expect((await gateway.job(id)).state).toBe("queued");
    gateway.comfy.up = true;
    await gateway.jobIn("completed", id);
    expect(await health()).toEqual([200, { status: "ok", phase: "ready" }]);
  });

  it("fails with the reason where ComfyUI lacks a node of the workflow, and posts no prompt to find out", async () => {
    await boot({ comfy: (comfy) => comfy.knownClasses.delete("PromptCard") });
    const detail =
      "ComfyUI lacks node classes of the workflow: PromptCard (node 2); add the node packs that bring them to the app";
    expect(await failed()).toEqual([503, { status: "failed", phase: "preflight", detail }]);
    expect(gateway.comfy.submissions).toEqual([]);
    const run = await gateway.request("/run", { method: "POST", body: '{"prompt":"x"}' });
    expect([run.status, await run.json()]).toEqual([503, { error: "not_ready", detail }]);
    expect(run.headers.get("retry-after")).toBe("10");
  });

  it("fails with the reason where the contract is broken", async () => {
    await boot({ contract: { ...contractDocument, version: "" } });
    const detail = 'COMFY_ENDPOINTS_CONTRACT_JSON: "version" is ""; give a version such as v1';
    expect(await failed()).toEqual([503, { status: "failed", phase: "contract", detail }]);
    const contract = await gateway.request("/contract");
    expect([contract.status, await contract.json()]).toEqual([503, { error: "not_ready", detail }]);
  });

  it("fails with the reason where the contract names a node that the workflow lacks", async () => {
    await boot({ contract: { ...contractDocument, outputs: [{ name: "image", type: "image/png", node_id: "7" }] } });
    expect(await failed()).toEqual([
      503,
      {
        status: "failed",
        phase: "contract",
        detail:
          'COMFY_ENDPOINTS_CONTRACT_JSON: "outputs[0].node_id" is "7", a node the workflow lacks; its nodes are 1 (ApiInput), 2 (PromptCard), 3 (ApiOutput)',
      },
    ]);
  });

  it("fails with the reason where there is no workflow at all", async () => {
    await boot({ env: { COMFY_ENDPOINTS_WORKFLOW_JSON: "" } });
    expect(await failed()).toEqual([
      503,
      {
        status: "failed",
        phase: "contract",
        detail:
          "the workflow (COMFY_ENDPOINTS_WORKFLOW_JSON or COMFY_ENDPOINTS_WORKFLOW_PATH) is not set; deploy the app again",
      },
    ]);
  });

  it("takes the workflow from a file when the environment has none", async () => {
    await boot({
      env: { COMFY_ENDPOINTS_WORKFLOW_JSON: "", COMFY_ENDPOINTS_WORKFLOW_PATH: "/no/such/workflow.json" },
    });
    expect(await failed()).toEqual([
      503,
      { status: "failed", phase: "contract", detail: "/no/such/workflow.json cannot be read; put the file there" },
    ]);
  });

  it("is over for good: when ComfyUI dies later, the endpoint says so until it is back", async () => {
    await boot({ env: { COMFY_START_COMMAND: "sh -c 'echo pid $$; exec cat'" }, ready: true });
    const pid = gateway.log.map(({ line }) => /^pid (\d+)$/.exec(String(line))?.[1]).find((text) => text !== undefined);
    process.kill(Number(pid), "SIGKILL");
    await until("it is noticed", async () => (await health())[0] === 503);
    expect(await health()).toEqual([
      503,
      { status: "starting", phase: "comfyui", detail: "ComfyUI is started again: it was ended by SIGKILL" },
    ]);
    await until("it is back", async () => (await health())[0] === 200);
  });

  it("fails with the reason where ComfyUI cannot be started", async () => {
    await boot({ comfy: (comfy) => (comfy.up = false), env: { COMFY_START_COMMAND: "no-such-program main.py" } });
    expect(await failed()).toEqual([
      503,
      {
        status: "failed",
        phase: "comfyui",
        detail: "ComfyUI does not start: it cannot be run: spawn no-such-program ENOENT",
      },
    ]);
  });
});
