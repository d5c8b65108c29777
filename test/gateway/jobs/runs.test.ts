import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { drawPictures, png, startGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
const start = async (options: TestGatewayOptions = {}): Promise<void> => {
  gateway = await startGateway(options);
};
afterEach(() => gateway.stop());

describe("a run", () => {
  it("ends with the picture's file id, and the file is the picture", async () => {
    await start({ comfy: drawPictures });
    const id = await gateway.run({ prompt: "a lighthouse in heavy fog" });
    const job = await gateway.jobIn("completed", id);
    const promptId = gateway.comfy.submissions[0]?.id ?? "";
    const image = String(job.output?.result["image"]);
    expect(job).toEqual({
      job_id: id,
      state: "completed",
      output: { prompt_id: promptId, status: "completed", result: { image } },
      error: null,
      prompt_id: promptId,
      cancel_requested: false,
      priority: 0,
      created_at: job.created_at,
      started_at: job.started_at,
      finished_at: job.finished_at,
      timings: job.timings,
      progress: null,
      queue_position: null,
      cost_usd: null,
    });
    expect(promptId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await (await gateway.request(`/files/${image}`)).json()).toMatchObject({
      media_type: "image/png",
      size_bytes: png.length,
      source: "generated",
      app_id: "cards",
      original_name: "image.png",
    });
  });

  it("reaches ComfyUI with the value in its node and the job's id in the file name", async () => {
    await start({ comfy: drawPictures });
    const id = await gateway.run({ prompt: "fog" });
    await gateway.jobIn("completed", id);
    const { prompt } = gateway.comfy.submissions[0] ?? {};
    expect(prompt?.["1"]?.inputs["value"]).toBe("fog");
    expect(prompt?.["3"]?.inputs["filename_prefix"]).toBe(`${id}/image`);
  });

  it("is forgotten in ComfyUI once it is collected", async () => {
    await start({ comfy: drawPictures });
    await gateway.jobIn("completed", await gateway.run({ prompt: "fog" }));
    await until("history is empty", () => gateway.comfy.historySize() === 0);
  });

  it("waits for its turn: one prompt at a time, in the order of acceptance", async () => {
    await start();
    const ids = [await gateway.run({ prompt: "1" }), await gateway.run({ prompt: "2" })];
    await until("one is submitted", () => gateway.comfy.submissions.length === 1);
    expect((await gateway.job(ids[1] ?? "")).state).toBe("queued");
    drawPictures(gateway.comfy);
    const [first] = gateway.comfy.submissions;
    if (first !== undefined) gateway.comfy.onPrompt?.(first);
    await gateway.jobIn("completed", ids[1] ?? "");
    expect(gateway.comfy.submissions.map(({ prompt }) => prompt["1"]?.inputs["value"])).toEqual(["1", "2"]);
  });

  it("gives values and whole batches as the contract declares them", async () => {
    const contract = {
      contract_id: "c",
      version: "v1",
      inputs: [{ name: "prompt", type: "string", required: true, node_id: "1" }],
      outputs: [
        { name: "images", type: "image/png", node_id: "3", multiple: true },
        { name: "caption", type: "string", node_id: "2" },
      ],
    };
    await start({ contract });
    gateway.comfy.files.set("b/1.png", { bytes: png, contentType: "image/png" });
    gateway.comfy.files.set("b/2.jpg", { bytes: Buffer.from("jpeg"), contentType: "image/jpeg" });
    const images = ["1.png", "2.jpg"].map((filename) => ({ filename, subfolder: "b", type: "output" }));
    gateway.comfy.onPrompt = ({ id }) => gateway.comfy.finish(id, { "3": { images }, "2": { value: ["123"] } });
    const job = await gateway.jobIn("completed", await gateway.run({ prompt: "x" }));
    expect(job.output?.result).toEqual({
      caption: "123",
      images: [expect.stringMatching(/^fid_[0-9a-f]{32}$/), expect.stringMatching(/^fid_[0-9a-f]{32}$/)],
    });
    const [, second] = job.output?.result["images"] as string[];
    expect(await (await gateway.request(`/files/${second ?? ""}`)).json()).toMatchObject({ media_type: "image/jpeg" });
  });

  it("takes an uploaded file by its id, and the node gets its path", async () => {
    const contract = {
      contract_id: "c",
      version: "v1",
      inputs: [{ name: "photo", type: "image/png", required: true, node_id: "1" }],
      outputs: [{ name: "image", type: "image/png", node_id: "3" }],
    };
    await start({ contract, comfy: drawPictures });
    const file = await gateway.upload(png, { "content-type": "image/png", "x-file-name": "../../etc/passwd" });
    const job = await gateway.run({ photo: file.file_id });
    await gateway.jobIn("completed", job);
    const lent = join(gateway.settings.state.files, "inputs");
    expect(gateway.comfy.submissions[0]?.prompt["1"]?.inputs["value"]).toBe(join(lent, job, `${file.file_id}.png`));
    expect(readdirSync(lent)).toEqual([]);
  });
});

describe("a run fails", () => {
  it("with the node and its message, and no traceback", async () => {
    await start();
    gateway.comfy.onPrompt = ({ id }) =>
      gateway.comfy.fail(id, {
        node_id: "2",
        node_type: "PromptCard",
        exception_type: "ValueError",
        exception_message: "the prompt is\n  too long ",
        traceback: ["File /opt/comfy/secret.py"],
        current_inputs: { prompt: ["private"] },
      });
    const job = await gateway.jobIn("failed", await gateway.run({ prompt: "x" }));
    expect(job.error).toBe("PROMPT_FAILED:node 2 (PromptCard): ValueError: the prompt is too long");
    expect(job.output).toBeNull();
  });

  it("when ComfyUI refuses the prompt", async () => {
    await start();
    gateway.comfy.refuse = () => ({
      status: 400,
      body: {
        error: { type: "prompt_outputs_failed_validation", message: "Prompt outputs failed validation", details: "" },
        node_errors: {
          "2": {
            class_type: "PromptCard",
            errors: [{ type: "value_bigger_than_max", message: "Value too big", details: "width", extra_info: {} }],
          },
        },
      },
    });
    const job = await gateway.jobIn("failed", await gateway.run({ prompt: "x" }));
    expect(job.error).toBe("QUEUE_ERROR:node 2 (PromptCard): Value too big: width");
  });

  it("when ComfyUI takes only a part of the prompt", async () => {
    await start();
    gateway.comfy.refuse = ({ id }) => ({
      status: 200,
      body: {
        prompt_id: id,
        number: 0,
        node_errors: { "3": { class_type: "ApiOutput", errors: [{ message: "Required input is missing" }] } },
      },
    });
    const job = await gateway.jobIn("failed", await gateway.run({ prompt: "x" }));
    expect(job.error).toBe("QUEUE_ERROR:node 3 (ApiOutput): Required input is missing");
    expect(gateway.comfy.requests).toContain(`/api/jobs/${job.prompt_id ?? ""}/cancel {}`);
  });

  it("when ComfyUI itself stumbles over the prompt", async () => {
    await start();
    gateway.comfy.refuse = () => ({ status: 500, body: "Server got itself in trouble" });
    const job = await gateway.jobIn("failed", await gateway.run({ prompt: "x" }));
    expect(job.error).toBe("QUEUE_ERROR:ComfyUI answered 500");
  });

  it("when an output is missing from the history, or its file is gone", async () => {
    await start();
    gateway.comfy.onPrompt = ({ id }) => gateway.comfy.finish(id, {});
    expect((await gateway.jobIn("failed", await gateway.run({ prompt: "x" }))).error).toBe("MISSING_ARTIFACTS:image");
    const images = [{ filename: "gone.png", subfolder: "", type: "output" }];
    gateway.comfy.onPrompt = ({ id }) => gateway.comfy.finish(id, { "3": { images } });
    expect((await gateway.jobIn("failed", await gateway.run({ prompt: "x" }))).error).toBe("MISSING_ARTIFACTS:image");
  });

  it("when it takes longer than the app allows; ComfyUI is told to stop it", async () => {
    await start({ env: { COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS: "0.2" } });
    const job = await gateway.jobIn("failed", await gateway.run({ prompt: "x" }));
    expect(job.error).toBe(`PROMPT_TIMEOUT:history_not_terminal:${job.prompt_id ?? ""}`);
    expect(gateway.comfy.requests).toContain(`/api/jobs/${job.prompt_id ?? ""}/cancel {}`);
  });

  it("and the next one runs", async () => {
    await start();
    gateway.comfy.onPrompt = ({ id }) => gateway.comfy.finish(id, {});
    await gateway.jobIn("failed", await gateway.run({ prompt: "x" }));
    drawPictures(gateway.comfy);
    await gateway.jobIn("completed", await gateway.run({ prompt: "y" }));
  });
});
