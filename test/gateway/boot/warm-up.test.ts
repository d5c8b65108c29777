import { afterEach, describe, expect, it } from "vitest";
import { drawPictures, startGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
afterEach(() => gateway.stop());
const boot = async (inputs: string, comfy: TestGatewayOptions["comfy"], ready = true): Promise<void> => {
  gateway = await startGateway({ env: { COMFY_ENDPOINTS_WARM_UP_JSON: inputs }, ready, ...(comfy && { comfy }) });
};
const health = async () => (await (await fetch(`${gateway.url}/healthz`)).json()) as Record<string, unknown>;

describe("a warm-up run", () => {
  it("ends before the endpoint is ready, and leaves neither a job nor a trace in ComfyUI", async () => {
    await boot('{"prompt":"warm"}', undefined, false);
    await until("ComfyUI has it", () => gateway.comfy.submissions.length === 1);
    expect(await health()).toEqual({ status: "starting", phase: "warm_up" });
    const [run] = gateway.comfy.submissions;
    expect(run?.prompt["1"]?.inputs["value"]).toBe("warm");
    gateway.comfy.finish(run?.id ?? "", {});
    await until("it is ready", async () => (await health())["status"] === "ok");
    expect(gateway.comfy.historySize()).toBe(0);
    expect(await (await gateway.request("/jobs")).json()).toMatchObject({ items: [] });
  });

  it("that fails keeps nobody from running the workflow", async () => {
    await boot('{"prompt":"warm"}', (comfy) => {
      comfy.onPrompt = ({ id }) => {
        comfy.fail(id, { node_id: "2", node_type: "PromptCard", exception_message: "out of memory" });
        drawPictures(comfy);
      };
    });
    expect(gateway.log).toContainEqual(
      expect.objectContaining({
        msg: "the warm-up run failed",
        error: expect.stringContaining("out of memory") as string,
      }),
    );
    await gateway.jobIn("completed", await gateway.run({ prompt: "x" }));
  });

  it("with inputs that the workflow does not take fails the boot", async () => {
    await boot('{"nonsense":1}', undefined, false);
    await until("it failed", async () => (await health())["status"] === "failed");
    expect(await health()).toMatchObject({
      phase: "warm_up",
      remedy: "correct the app's endpoint.warm_up, and deploy again",
    });
    expect((await health())["reason"]).toContain('"endpoint.warm_up.nonsense" is not an input');
  });
});
