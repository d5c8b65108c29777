import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { picture, type StandIn, slowPicture, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterAll(() => comfy.close());

const moment = expect.any(Number) as number;
const jobs = async (query = "") => {
  const [, body] = await comfy.get(`/api/jobs${query}`);
  const { jobs: list, pagination } = body as { jobs: { id: string; status: string }[]; pagination: object };
  return { list: list.map(({ id, status }) => `${status} ${id}`), pagination };
};

// All of it was observed on ComfyUI 0.33.
describe("/api/jobs", () => {
  it("shows a prompt that ended well, with its outputs and what it ran", async () => {
    const prompt = picture(1, "exp/job");
    const id = await comfy.queue(prompt);
    const entry = await comfy.ended(id);
    const file = { filename: "job_00001_.png", subfolder: "exp", type: "output" };
    expect(await comfy.get(`/api/jobs/${id}`)).toEqual([
      200,
      {
        id,
        status: "completed",
        priority: 0,
        create_time: moment,
        execution_start_time: moment,
        execution_end_time: moment,
        outputs_count: 1,
        previewable_outputs_count: 1,
        preview_output: { ...file, nodeId: "2", mediaType: "images" },
        outputs: { "2": { images: [file] } },
        execution_status: entry.status,
        workflow: { prompt, extra_data: { create_time: moment } },
      },
    ]);
  });

  it("shows the error of one that failed", async () => {
    const id = await comfy.queue({
      "1": picture(2)["1"],
      "2": { class_type: "LocalRaise", inputs: { image: ["1", 0], message: "boom" } },
      "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "x" } },
    });
    const entry = await comfy.ended(id);
    const [status, job] = await comfy.get(`/api/jobs/${id}`);
    expect([status, job]).toMatchObject([200, { status: "failed", outputs_count: 0 }]);
    expect(job).toHaveProperty("execution_error", entry.status.messages.at(-1)?.[1]);
    expect(job).toHaveProperty("execution_error.exception_message", "boom\n");
  });

  it("lists the latest first, by status and in pages", async () => {
    await comfy.post("/history", { clear: true });
    const ids: string[] = [];
    for (const prompt of [picture(3), slowPicture(30, 4), picture(5)]) {
      ids.push(await comfy.queue(prompt));
      // The order goes by milliseconds.
      await sleep(3);
    }
    const [done, running, pending] = ids as [string, string, string];
    await comfy.ended(done);
    expect(await jobs()).toEqual({
      list: [`pending ${pending}`, `in_progress ${running}`, `completed ${done}`],
      pagination: { offset: 0, limit: null, total: 3, has_more: false },
    });
    expect((await jobs("?status=in_progress,pending")).list).toEqual([`pending ${pending}`, `in_progress ${running}`]);
    expect(await jobs("?limit=1&offset=1")).toEqual({
      list: [`in_progress ${running}`],
      pagination: { offset: 1, limit: 1, total: 3, has_more: true },
    });
    expect(await comfy.get(`/api/jobs/${running}`)).toEqual([
      200,
      {
        id: running,
        status: "in_progress",
        priority: 3,
        create_time: moment,
        outputs_count: 0,
        previewable_outputs_count: 0,
      },
    ]);
    expect(await comfy.get(`/api/jobs/${pending}`)).toMatchObject([200, { status: "pending", priority: 4 }]);
    await comfy.post("/interrupt");
    await comfy.ended(pending);
  });

  it("exists with its prefix only", async () => {
    expect(await comfy.get("/jobs")).toEqual([404, ""]);
  });
});
