import { describe, expect, it } from "vitest";
import type { JobRecord } from "../../../gateway/jobs/store.ts";
import { jobBody, jobSummaryBody } from "../../../gateway/jobs/view.ts";

const at = (seconds: number): string => new Date(1_800_000_000_000 + seconds * 1000).toISOString();
const queued: JobRecord = {
  ...{ id: "j1", sequence: 1, state: "queued", inputs: { prompt: "private" }, result: null, error: null },
  ...{ promptId: null, cancelRequested: false, attempts: 0, priority: 5, bootMs: null },
  ...{ createdAt: at(0), startedAt: null, finishedAt: null },
};
const running: JobRecord = {
  ...queued,
  state: "running",
  promptId: "p1",
  attempts: 1,
  startedAt: at(10),
  bootMs: 4000,
};
const completed: JobRecord = { ...running, state: "completed", result: { image: "fid_1" }, finishedAt: at(46) };
const canceled: JobRecord = { ...queued, state: "canceled", finishedAt: at(3), error: "CANCELED_BY_REQUEST" };
const circumstances = { progress: null, queuePosition: null, costPerHour: 0.36, now: Date.parse(at(20)) };

describe("a job as the API shows it", () => {
  it("has its times, its output and its price, and not its inputs", () => {
    expect(jobBody(completed, circumstances)).toEqual({
      job_id: "j1",
      state: "completed",
      output: { prompt_id: "p1", status: "completed", result: { image: "fid_1" } },
      error: null,
      prompt_id: "p1",
      cancel_requested: false,
      priority: 5,
      created_at: at(0),
      started_at: at(10),
      finished_at: at(46),
      timings: { queued_ms: 10_000, boot_ms: 4000, run_ms: 36_000 },
      progress: null,
      queue_position: null,
      cost_usd: 0.0036,
    });
  });

  it.each([
    ["waits", queued, { queued_ms: 20_000, boot_ms: null, run_ms: null }, null],
    ["runs", running, { queued_ms: 10_000, boot_ms: 4000, run_ms: 10_000 }, 0.001],
    ["was canceled before its turn", canceled, { queued_ms: 3000, boot_ms: null, run_ms: null }, null],
  ])("that %s shows its times so far", (_, job, timings, cost_usd) => {
    expect(jobBody(job, circumstances)).toMatchObject({ timings, cost_usd });
  });

  it("has no price where nobody knows the pod's", () => {
    expect(jobBody(completed, { ...circumstances, costPerHour: undefined }).cost_usd).toBeNull();
  });

  it("has no times below zero, whatever happened to the clock", () => {
    const { timings } = jobBody({ ...running, startedAt: at(-5) }, { ...circumstances, now: Date.parse(at(-9)) });
    expect(timings).toEqual({ queued_ms: 0, boot_ms: 4000, run_ms: 0 });
  });

  it("is in a list all but its output", () => {
    const { output, ...rest } = jobBody(completed, circumstances);
    expect(output).not.toBeNull();
    expect(jobSummaryBody(completed, circumstances)).toEqual(rest);
  });
});
