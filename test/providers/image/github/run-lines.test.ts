import { describe, expect, it } from "vitest";
import type { Job } from "../../../../providers/image/github/api.ts";
import { logTail, progressLine } from "../../../../providers/image/github/run-lines.ts";

const job = (status: string, steps: string[] = []): Job => ({
  ...{ id: "1", name: "build", status, conclusion: undefined },
  steps: steps.map((step, at) => ({
    ...{ name: `step ${at}`, number: at, status: step, conclusion: undefined },
    ...{ startedAt: undefined, completedAt: undefined },
  })),
});

describe("what a run does", () => {
  it.each<[string, string, Job[], string]>([
    ["queued", "queued", [job("queued")], "waits for a runner"],
    ["held by its concurrency group", "pending", [], "waits for another run"],
    ["held by an environment", "waiting", [], "waits for an approval"],
    ["between jobs", "in_progress", [job("completed"), job("queued")], "goes on"],
    ["between steps", "in_progress", [job("in_progress", ["completed", "queued"])], 'job "build"'],
    ["in a step", "in_progress", [job("in_progress", ["completed", "in_progress"])], 'job "build", step "step 1"'],
  ])("is told when it is %s", (_, status, jobs, said) => {
    expect(progressLine({ status }, jobs)).toBe(said);
  });
});

describe("the end of a log", () => {
  const step = { startedAt: "2026-01-01T00:00:10Z", completedAt: "2026-01-01T00:00:20Z" };
  const at = (second: string, said: string) => `2026-01-01T00:00:${second}Z ${said}`;

  it("is that of the step", () => {
    const log = [at("09.9", "before"), at("10.0", "first"), at("20.9", "last"), at("21.0", "after")].join("\n");
    expect(logTail(log, step)).toEqual(["first", "last"]);
    expect(logTail(log, undefined)).toEqual(["before", "first", "last", "after"]);
  });

  it("ends with the error, and is short", () => {
    const lines = Array.from({ length: 100 }, (_, line) => at("12.0", `line ${line}`));
    const tail = logTail([...lines, at("13.0", "##[error]it broke"), at("13.1", "tidying up")].join("\n"), step);
    expect(tail).toHaveLength(30);
    expect([tail[0], tail.at(-1)]).toEqual(["line 71", "it broke"]);
  });

  it("is that of the whole log when the step has no lines, or the lines no times", () => {
    expect(logTail(at("30.0", "much later"), step)).toEqual(["much later"]);
    expect(logTail("no time\n\nat all\n", step)).toEqual(["no time", "at all"]);
  });
});
