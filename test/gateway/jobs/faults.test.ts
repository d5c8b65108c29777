import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ComfyStub } from "../../support/comfyui.ts";
import { drawPictures, png, startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
let comfy: ComfyStub;
beforeEach(async () => {
  gateway = await startGateway();
  comfy = gateway.comfy;
});
afterEach(() => gateway.stop());

const picture = { "3": { images: [{ filename: "p.png", subfolder: "", type: "output" }] } };
const submitted = async (): Promise<{ job: string; prompt: string }> => {
  comfy.files.set("/p.png", { bytes: png, contentType: "image/png" });
  const job = await gateway.run({ prompt: "x" });
  await until("it is submitted", () => comfy.submissions.length === 1);
  return { job, prompt: comfy.submissions[0]?.id ?? "" };
};

describe("a job comes to its end", () => {
  it("when the websocket says nothing: history is the truth", async () => {
    const { job, prompt } = await submitted();
    comfy.finish(prompt, picture, { events: false });
    await gateway.jobIn("completed", job);
  });

  it("when the event comes before the history", async () => {
    const { job, prompt } = await submitted();
    comfy.finish(prompt, picture, { historyAfterMs: 30 });
    await gateway.jobIn("completed", job);
  });

  it("when it ended while the websocket was down, by a look at the first moment of the new one", async () => {
    const { job, prompt } = await submitted();
    comfy.dropSockets();
    comfy.finish(prompt, picture, { events: false });
    await until("a new connection stands", () => comfy.sockets() === 1);
    await gateway.jobIn("completed", job);
    expect(gateway.log.filter(({ msg }) => msg === "comfyui websocket lost")).toHaveLength(1);
  });

  it("by another run when ComfyUI forgot the prompt", async () => {
    const { job, prompt } = await submitted();
    drawPictures(comfy);
    comfy.forget();
    const ended = await gateway.jobIn("completed", job);
    expect(comfy.submissions).toHaveLength(2);
    expect(ended.prompt_id).not.toBe(prompt);
  });

  it("by another run when a proxy before ComfyUI did not reach it", async () => {
    drawPictures(comfy);
    comfy.refuse = () => ({ status: 502, body: "bad gateway" });
    const { job } = await submitted();
    comfy.refuse = undefined;
    await gateway.jobIn("completed", job);
    expect(comfy.submissions).toHaveLength(2);
  });

  it("as failed when ComfyUI forgets the prompt again and again", async () => {
    const { job } = await submitted();
    // As a ComfyUI does that dies of the prompt.
    const die = (): void => {
      comfy.forget();
      comfy.dropSockets();
    };
    comfy.onPrompt = die;
    die();
    const ended = await gateway.jobIn("failed", job);
    expect(ended.error).toBe("QUEUE_ERROR:given up after 3 attempts: ComfyUI no longer knows the prompt");
    expect(comfy.submissions).toHaveLength(3);
  });

  it("as canceled when ComfyUI forgot the prompt of a canceled job", async () => {
    const { job } = await submitted();
    comfy.forget();
    await gateway.request(`/jobs/${job}/cancel`, { method: "POST" });
    await gateway.jobIn("canceled", job);
    expect(comfy.submissions).toHaveLength(1);
  });

  it("after a stop of the gateway, which hands it back unharmed", async () => {
    const { job } = await submitted();
    drawPictures(comfy);
    await gateway.restart();
    await gateway.jobIn("completed", job);
    expect(gateway.log.filter(({ msg }) => msg === "job runs").map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});
