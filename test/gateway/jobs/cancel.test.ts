import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drawPictures, startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.stop());

const cancel = async (id: string): Promise<{ status: number; body: unknown }> => {
  const response = await gateway.request(`/jobs/${id}/cancel`, { method: "POST" });
  return { status: response.status, body: await response.json() };
};
/** A run that ComfyUI is at. */
const runningJob = async (): Promise<string> => {
  const id = await gateway.run({ prompt: "x" });
  await until("it is submitted", () => gateway.comfy.active.size === 1);
  return id;
};
const canceled = { state: "canceled", error: "CANCELED_BY_REQUEST", cancel_requested: true, output: null };

describe("a cancel", () => {
  it("stops the running prompt and no other", async () => {
    const id = await runningJob();
    const waiting = await gateway.run({ prompt: "y" });
    const promptId = gateway.comfy.submissions[0]?.id ?? "";
    expect(await cancel(id)).toEqual({ status: 202, body: { job_id: id, state: "canceling", cancel_requested: true } });
    expect(await gateway.jobIn("canceled", id)).toMatchObject(canceled);
    const cancels = gateway.comfy.requests.filter((request) => request.includes("cancel"));
    expect(cancels).toEqual([`/api/jobs/${promptId}/cancel {}`]);
    await gateway.jobIn("running", waiting);
  });

  it("of a waiting job leaves ComfyUI alone", async () => {
    const running = await runningJob();
    const waiting = await gateway.run({ prompt: "y" });
    expect(await cancel(waiting)).toEqual({
      status: 202,
      body: { job_id: waiting, state: "canceling", cancel_requested: true },
    });
    expect(await gateway.job(waiting)).toMatchObject({ ...canceled, prompt_id: null });
    expect(gateway.comfy.requests).toEqual([]);
    expect((await gateway.job(running)).state).toBe("running");
  });

  it("works where ComfyUI lacks /api/jobs, never by an interrupt of whatever runs", async () => {
    gateway.comfy.hasJobsApi = false;
    const id = await runningJob();
    const promptId = gateway.comfy.submissions[0]?.id ?? "";
    await cancel(id);
    expect(await gateway.jobIn("canceled", id)).toMatchObject(canceled);
    expect(gateway.comfy.requests.slice(0, 3)).toEqual([
      `/api/jobs/${promptId}/cancel {}`,
      `/queue {"delete":["${promptId}"]}`,
      `/interrupt {"prompt_id":"${promptId}"}`,
    ]);
  });

  it("holds although the prompt ends well in the same moment", async () => {
    const id = await runningJob();
    gateway.comfy.active.clear();
    await cancel(id);
    drawPictures(gateway.comfy);
    const [submission] = gateway.comfy.submissions;
    if (submission !== undefined) gateway.comfy.onPrompt?.(submission);
    expect(await gateway.jobIn("canceled", id)).toMatchObject(canceled);
  });

  it("of an ended job changes nothing", async () => {
    drawPictures(gateway.comfy);
    const id = await gateway.run({ prompt: "x" });
    await gateway.jobIn("completed", id);
    expect(await cancel(id)).toEqual({ status: 200, body: { job_id: id, state: "completed", already_terminal: true } });
    expect(await gateway.job(id)).toMatchObject({ state: "completed", cancel_requested: false });
  });

  it("of an unknown job is told so", async () => {
    expect(await cancel("0".repeat(32))).toEqual({ status: 404, body: { error: "job_not_found" } });
  });
});
