import { afterEach, describe, expect, it } from "vitest";
import { createBoot } from "../../../gateway/boot/boot.ts";
import { Unreachable } from "../../../gateway/comfy/client.ts";
import { ComfyGivenUp, type ComfyState } from "../../../gateway/comfy/server.ts";
import { createLog } from "../../../gateway/log.ts";
import { loadWorkflow } from "../../../gateway/workflow/load.ts";
import { contractDocument } from "../../support/apps.ts";
import { drawPictures, startGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
const boot = async (options: TestGatewayOptions): Promise<void> => {
  gateway = await startGateway({ ready: false, ...options });
};
afterEach(() => gateway.stop());

const health = async (): Promise<[number, unknown]> => {
  const response = await fetch(`${gateway.url}/healthz`);
  return [response.status, await response.json()];
};
/** What `/healthz` says of a boot that failed, when nothing better is known than the message itself. */
const failure = (phase: string, detail: string, remedy: string) => ({
  ...{ status: "failed", phase, detail },
  ...{ stage: phase, reason: detail, remedy },
});
const contractRemedy = "correct the workflow or its contract, and deploy again";
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
    const why = {
      ...{ stage: "preflight", reason: "ComfyUI lacks node classes of the workflow: PromptCard (node 2)" },
      remedy: "add the node packs that bring them to the app",
    };
    expect(await failed()).toEqual([503, { status: "failed", phase: "preflight", detail, ...why }]);
    expect(gateway.comfy.submissions).toEqual([]);
    const run = await gateway.request("/run", { method: "POST", body: '{"prompt":"x"}' });
    expect([run.status, await run.json()]).toEqual([503, { error: "not_ready", detail, ...why }]);
    expect(run.headers.get("retry-after")).toBe("10");
  });

  it("fails with the pack that should have brought a node that ComfyUI lacks", async () => {
    const pack = { kind: "custom_node", source_url: "https://example.com/cards.git", ref: "ab".repeat(20) };
    const artifacts = [{ ...pack, provides: ["PromptCard"] }];
    await boot({
      comfy: (comfy) => comfy.knownClasses.delete("PromptCard"),
      env: { COMFY_ENDPOINTS_APP_ARTIFACTS_JSON: JSON.stringify(artifacts) },
    });
    const [, body] = await failed();
    expect(body).toMatchObject({
      stage: "preflight",
      reason:
        "ComfyUI lacks node classes of the workflow: PromptCard (node 2), which artifacts[0], https://example.com/cards.git at abababababab should bring",
      remedy: "read in the log (GET /logs) why ComfyUI did not import it",
    });
    const why = (await (await gateway.request("/artifact-resolver/error")).json()) as { details: unknown };
    expect(why.details).toEqual({
      missing_classes: ["PromptCard"],
      missing_nodes: [
        {
          node_id: "2",
          class_type: "PromptCard",
          artifact: "artifacts[0], https://example.com/cards.git at abababababab",
        },
      ],
    });
  });

  it("fails with the reason where the contract is broken", async () => {
    await boot({ contract: { ...contractDocument, version: "" } });
    const detail = 'COMFY_ENDPOINTS_CONTRACT_JSON: "version" is ""; give a version such as v1';
    expect(await failed()).toEqual([503, failure("contract", detail, contractRemedy)]);
    const contract = await gateway.request("/contract");
    const why = { stage: "contract", reason: detail, remedy: contractRemedy };
    expect([contract.status, await contract.json()]).toEqual([503, { error: "not_ready", detail, ...why }]);
  });

  it("fails with the reason where the contract names a node that the workflow lacks", async () => {
    await boot({ contract: { ...contractDocument, outputs: [{ name: "image", type: "image/png", node_id: "7" }] } });
    expect(await failed()).toEqual([
      503,
      failure(
        "contract",
        'COMFY_ENDPOINTS_CONTRACT_JSON: "outputs[0].node_id" is "7", a node the workflow lacks; its nodes are 1 (ApiInput), 2 (PromptCard), 3 (ApiOutput)',
        contractRemedy,
      ),
    ]);
  });

  it("fails with the reason where there is no workflow at all", async () => {
    await boot({ env: { COMFY_ENDPOINTS_WORKFLOW_JSON: "" } });
    expect(await failed()).toEqual([
      503,
      failure(
        "contract",
        "the workflow (COMFY_ENDPOINTS_WORKFLOW_JSON or COMFY_ENDPOINTS_WORKFLOW_PATH) is not set; deploy the app again",
        contractRemedy,
      ),
    ]);
  });

  it("takes the workflow from a file when the environment has none", async () => {
    await boot({
      env: { COMFY_ENDPOINTS_WORKFLOW_JSON: "", COMFY_ENDPOINTS_WORKFLOW_PATH: "/no/such/workflow.json" },
    });
    expect(await failed()).toEqual([
      503,
      failure("contract", "/no/such/workflow.json cannot be read; put the file there", contractRemedy),
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

  describe("with a ComfyUI that falls before it has told what it knows", () => {
    const starting = (
      whenUp: () => Promise<void>,
      calls: string[] = [],
      falls: Unreachable[] = [new Unreachable("it fell")],
    ) => {
      return createBoot({
        load: () => loadWorkflow(gateway.settings),
        ...{ steps: {}, packs: () => [], warmUp: null, log: createLog(() => undefined) },
        comfy: {
          ...{ start: () => undefined, state: () => ({ kind: "up" }), whenUp },
          accept: () => calls.push("accept"),
          replace: (reason) => calls.push(reason),
        },
        client: {
          hasClass: () => {
            const fall = falls.shift();
            return fall === undefined ? Promise.resolve(true) : Promise.reject(fall);
          },
        },
      });
    };

    it("takes it for one that is of use when it has, and not before", async () => {
      await boot({ ready: true });
      const calls: string[] = [];
      await starting(() => Promise.resolve(void calls.push("up")), calls).run(new AbortController().signal);
      expect(calls).toEqual(["up", "up", "accept"]);
    });

    it("has it replaced when it stands and is silent again and again", async () => {
      await boot({ ready: true });
      const calls: string[] = [];
      const silence = Array.from({ length: 4 }, () => new Unreachable("nothing came for 30 s"));
      const hanging = starting(() => Promise.resolve(void calls.push("up")), calls, silence);
      await hanging.run(new AbortController().signal);
      const replaced = ["up", "up", "it does not answer (nothing came for 30 s)"];
      expect(calls).toEqual([...replaced, ...replaced, "up", "accept"]);
    });

    it("fails with what ended it when it is given up", async () => {
      await boot({ ready: true });
      const end = new ComfyGivenUp("ComfyUI does not stay up: it ended with code 3");
      let lives = 0;
      const failing = starting(() => (lives++ === 0 ? Promise.resolve() : Promise.reject(end)));
      await failing.run(new AbortController().signal);
      expect(failing.health()).toMatchObject({
        ...{ status: "failed", phase: "comfyui", reason: "ComfyUI does not stay up: it ended with code 3" },
        remedy: "read what ComfyUI says in the log (GET /logs)",
      });
    });
  });

  it("that was over fails after all where ComfyUI never comes up again", async () => {
    const comfy: { state: ComfyState } = { state: { kind: "up" } };
    await boot({ ready: true });
    const failing = createBoot({
      load: () => loadWorkflow(gateway.settings),
      ...{ steps: {}, packs: () => [], warmUp: null, log: createLog(() => undefined) },
      comfy: {
        ...{ start: () => undefined, accept: () => undefined, replace: () => undefined },
        ...{ state: () => comfy.state, whenUp: () => Promise.resolve() },
      },
      client: { hasClass: () => Promise.resolve(true) },
    });
    await failing.run(new AbortController().signal);
    expect(failing.health()).toEqual({ status: "ok", phase: "ready" });
    comfy.state = { kind: "failed", reason: "ComfyUI does not start any more: it ended with code 3" };
    expect(failing.health()).toMatchObject({
      ...{ status: "failed", phase: "comfyui", stage: "comfyui", reason: comfy.state.reason },
      remedy: "read what ComfyUI says in the log (GET /logs)",
    });
    expect(failing.failure()).toMatchObject({ stage: "comfyui" });
  });

  it("fails with the reason where ComfyUI cannot be started", async () => {
    await boot({ comfy: (comfy) => (comfy.up = false), env: { COMFY_START_COMMAND: "no-such-program main.py" } });
    expect(await failed()).toEqual([
      503,
      failure(
        "comfyui",
        "ComfyUI does not start: it cannot be run: spawn no-such-program ENOENT",
        "read what ComfyUI says in the log (GET /logs)",
      ),
    ]);
  });
});
