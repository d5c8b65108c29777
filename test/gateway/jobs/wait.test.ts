import { afterEach, describe, expect, it } from "vitest";
import { drawPictures, startGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
const start = async (options: TestGatewayOptions = {}): Promise<void> => {
  gateway = await startGateway(options);
};
afterEach(() => gateway.stop());

const post = (query: string, init: RequestInit = {}): Promise<Response> =>
  gateway.request(`/run${query}`, { method: "POST", body: '{"prompt":"x"}', ...init });
const finish = (): void => {
  drawPictures(gateway.comfy);
  const submission = gateway.comfy.submissions.at(-1);
  if (submission !== undefined) gateway.comfy.onPrompt?.(submission);
};

describe("a run that is waited for", () => {
  it("is answered with the whole job when it has ended", async () => {
    await start({ comfy: drawPictures });
    const response = await post("?wait=20");
    expect(response.status).toBe(200);
    const job = (await response.json()) as { job_id: string };
    expect(job).toMatchObject({ state: "completed", output: { status: "completed" } });
    expect(job).toEqual(await gateway.job(job.job_id));
  });

  it("is answered with a job that failed, too", async () => {
    await start();
    gateway.comfy.onPrompt = ({ id }) => gateway.comfy.finish(id, {});
    const response = await post("?wait=20");
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { state: "failed", error: "MISSING_ARTIFACTS:image" },
    ]);
  });

  it("is answered as ever when the time is up before, and goes on", async () => {
    await start();
    const response = await post("?wait=1");
    expect(response.status).toBe(202);
    const { job_id: id, ...rest } = (await response.json()) as { job_id: string; state: string };
    expect(rest).toEqual({ state: "running" });
    finish();
    await gateway.jobIn("completed", id);
  });

  it("goes on when its caller goes", async () => {
    await start();
    const abort = new AbortController();
    const response = post("?wait=90", { signal: abort.signal }).catch(() => "gone");
    await until("it is submitted", () => gateway.comfy.active.size === 1);
    abort.abort();
    expect(await response).toBe("gone");
    finish();
    const { items } = (await (await gateway.request("/jobs")).json()) as { items: { job_id: string }[] };
    await gateway.jobIn("completed", items[0]?.job_id ?? "");
  });

  it("is not kept waiting by a gateway that stops", async () => {
    await start();
    const response = post("?wait=90");
    await until("it is submitted", () => gateway.comfy.active.size === 1);
    const before = Date.now();
    await gateway.restart();
    expect((await response).status).toBe(202);
    expect(Date.now() - before).toBeLessThan(10_000);
  });
});

describe("a job that is waited for", () => {
  it("is answered in the moment of its end", async () => {
    await start();
    const id = await gateway.run({ prompt: "x" });
    await until("it is submitted", () => gateway.comfy.active.size === 1);
    const answers = [90, 90, 1].map((wait) => gateway.request(`/jobs/${id}?wait=${wait}`));
    expect(await (await answers[2])?.json()).toMatchObject({ state: "running" });
    finish();
    for (const answer of answers.slice(0, 2)) expect(await (await answer).json()).toMatchObject({ state: "completed" });
  });

  it("is answered at once when it has ended, or with no time to wait", async () => {
    await start();
    const id = await gateway.run({ prompt: "x" });
    expect(await (await gateway.request(`/jobs/${id}?wait=0`)).json()).toMatchObject({ job_id: id });
    await gateway.request(`/jobs/${id}/cancel`, { method: "POST" });
    await gateway.jobIn("canceled", id);
    expect(await (await gateway.request(`/jobs/${id}?wait=90`)).json()).toMatchObject({ state: "canceled" });
  });

  it("is answered when it is canceled in the queue", async () => {
    await start();
    await gateway.run({ prompt: "x" });
    await until("it is submitted", () => gateway.comfy.active.size === 1);
    const id = await gateway.run({ prompt: "y" });
    const answer = gateway.request(`/jobs/${id}?wait=90`);
    await gateway.request(`/jobs/${id}/cancel`, { method: "POST" });
    expect(await (await answer).json()).toMatchObject({ state: "canceled", error: "CANCELED_BY_REQUEST" });
  });
});

describe("times of a job", () => {
  it("tell the part of its wait that the endpoint's boot took", async () => {
    await start({
      ready: false,
      comfy: (comfy) => {
        comfy.up = false;
        drawPictures(comfy);
      },
    });
    await until("runs are taken", async () => (await gateway.request("/contract")).ok);
    const id = await gateway.run({ prompt: "x" });
    expect(await gateway.job(id)).toMatchObject({ queue_position: 1, timings: { boot_ms: null, run_ms: null } });
    await until("some time has passed", async () => (await gateway.job(id)).timings.queued_ms > 50);
    gateway.comfy.up = true;
    const { timings, ...job } = await gateway.jobIn("completed", id);
    expect(timings.boot_ms).toBeGreaterThan(50);
    expect(timings.boot_ms).toBeLessThanOrEqual(timings.queued_ms);
    expect(Date.parse(job.finished_at ?? "") - Date.parse(job.created_at)).toBe(
      timings.queued_ms + (timings.run_ms ?? Number.NaN),
    );
    const later = await gateway.jobIn("completed", await gateway.run({ prompt: "y" }));
    expect(later.timings.boot_ms).toBe(0);
  });
});
