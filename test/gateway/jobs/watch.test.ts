import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Prompt } from "../../../contract/workflow.ts";
import { createComfyClient } from "../../../gateway/comfy/client.ts";
import { createWatch, type Watch } from "../../../gateway/jobs/watch.ts";
import { type ComfyStub, createComfyStub } from "../../support/comfyui.ts";

const id = "0b0f3a0e-4a4e-4b8a-9c37-5a1f8c2d7e10";
const prompt: Prompt = { "1": { class_type: "PromptCard", inputs: {} } };
const never = new AbortController().signal;

let comfy: ComfyStub;
let watch: Watch;
beforeEach(async () => {
  comfy = await createComfyStub();
  const client = createComfyClient(comfy.url);
  await client.submit(prompt, id, "client");
  watch = createWatch(client, { pollMs: 10 });
});
afterEach(() => comfy.close());

describe("whoever waits for a prompt", () => {
  it("gets its history", async () => {
    setTimeout(() => comfy.finish(id, { "1": { value: ["x"] } }), 30);
    expect(await watch.end(id, never)).toMatchObject({ outputs: { "1": { value: ["x"] } } });
  });

  it("is told that it is lost after two looks that find it nowhere", async () => {
    comfy.forget();
    expect(await watch.end(id, never)).toBeUndefined();
  });

  it("goes on waiting while ComfyUI does not answer", async () => {
    await comfy.close();
    const abort = new AbortController();
    const outcome = watch.end(id, abort.signal).then(
      () => "ended",
      () => "aborted",
    );
    expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 100, "waits"))])).toBe("waits");
    abort.abort();
    expect(await outcome).toBe("aborted");
    comfy = await createComfyStub();
  });

  it("does not ask at once because the prompt before it ended, which ComfyUI tells twice", async () => {
    const asked: string[] = [];
    const entry = { outputs: {}, status: { status_str: "success", messages: [] } };
    const ended = createWatch({
      history: (promptId) => {
        asked.push(`history ${promptId}`);
        // The second event comes while the history is read.
        ended.promptEnded(promptId);
        return Promise.resolve(entry);
      },
      find: (promptId) => {
        asked.push(`find ${promptId}`);
        return Promise.resolve({ kind: "active" });
      },
    });
    for (const promptId of ["one", "two"]) {
      const end = ended.end(promptId, never);
      await Promise.resolve();
      ended.promptEnded(promptId);
      expect(await end).toBe(entry);
      ended.promptEnded(promptId);
    }
    expect(asked).toEqual(["history one", "history two"]);
  });

  it("gives up on a history that stays unreadable", async () => {
    comfy.historyAnswer = [500, "Server got itself in trouble"];
    await expect(watch.end(id, never)).rejects.toThrow(`ComfyUI answered 500 to /history/${id}`);
  });

  it("reads a history with NaN in it", async () => {
    const entry = '{"outputs": {"1": {"value": [NaN, "NaN"]}}, "status": {"status_str": "success"}}';
    comfy.historyAnswer = [200, `{"${id}": ${entry}}`];
    expect(await watch.end(id, never)).toMatchObject({ outputs: { "1": { value: [null, "NaN"] } } });
  });
});
