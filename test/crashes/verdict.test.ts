import { describe, expect, it } from "vitest";
import { type Evidence, problemsOf } from "./verdict.ts";

const finishedAt = "2026-01-01T00:00:10.000Z";
const end = Date.parse(finishedAt);

/** Two jobs that ended well; the first was broken off once, with the ComfyUI it ran in. */
const good = (): Evidence => ({
  seen: ["a", "b"].map((id) => ({
    ...{ id, prompt: `job ${id}`, seconds: 0, cuts: 0, isReplay: false, isPictureRight: true },
    job: { state: "completed", error: null, finished_at: finishedAt },
  })),
  kept: ["a", "b"].map((id) => ({
    ...{ id, state: "completed", finishedAt },
    states: ["queued", "running", "queued", "running", "completed"],
  })),
  executions: [
    { pid: 1, prompt: "job a", at: end - 5000 },
    { pid: 2, prompt: "job a", at: end - 100 },
    { pid: 2, prompt: "job b", at: end - 50 },
  ],
});

/** The same with the first job's part changed. */
function changed(change: {
  seen?: Partial<Evidence["seen"][number]>;
  kept?: Partial<Evidence["kept"][number]>;
  executions?: Evidence["executions"];
}): Evidence {
  const { seen, kept, executions } = good();
  return {
    seen: seen.map((job, at) => (at === 0 ? { ...job, ...change.seen } : job)),
    kept: kept.map((job, at) => (at === 0 ? { ...job, ...change.kept } : job)),
    executions: change.executions ?? executions,
  };
}

describe("the verdict on a run with kills", () => {
  it("finds nothing where each job ended once, also when it was broken off before", () => {
    expect(problemsOf(good())).toEqual([]);
  });

  it.each<[string, Evidence, string[]]>([
    ["a lost job", { ...good(), kept: good().kept.slice(1) }, ["job a (a) was accepted and is lost"]],
    [
      "a job that did not end well",
      changed({
        seen: { job: { state: "failed", error: "X", finished_at: finishedAt } },
        kept: { state: "failed", states: ["queued", "failed"] },
      }),
      ["job a (a) is failed: X"],
    ],
    [
      "a job that ended again",
      changed({ kept: { finishedAt: "2026-01-01T00:00:11.000Z" } }),
      [`job a (a) had ended completed at ${finishedAt}, and then completed at 2026-01-01T00:00:11.000Z`],
    ],
    [
      "two ends in the event log",
      changed({ kept: { states: ["queued", "running", "completed", "running", "completed"] } }),
      ["job a (a) has the events queued, running, completed, running, completed"],
    ],
    [
      "no end in the event log",
      changed({ kept: { states: ["queued", "running"] } }),
      ["job a (a) has the events queued, running"],
    ],
    [
      "another job's picture",
      changed({ seen: { isPictureRight: false } }),
      ["job a (a) has a picture that is not its own"],
    ],
    [
      "two jobs of one request",
      { ...good(), kept: [...good().kept, { id: "c", state: "queued", finishedAt: null, states: ["queued"] }] },
      ["job c is nobody's: a request gave two jobs"],
    ],
    [
      "one job for two requests",
      changed({ seen: { id: "b" } }),
      ["job b (b) is job a too", "job a is nobody's: a request gave two jobs"],
    ],
    [
      "a job that one ComfyUI ran twice",
      changed({ executions: [...good().executions, { pid: 2, prompt: "job a", at: end - 10 }] }),
      ["job a (a) was run twice by one ComfyUI, which lived on"],
    ],
    [
      "a job that was run after its end",
      changed({ executions: [...good().executions, { pid: 3, prompt: "job a", at: end + 1 }] }),
      ["job a (a) was run again after it had ended"],
    ],
    ["a job that was never run", changed({ executions: good().executions.slice(2) }), ["job a (a) was never run"]],
  ])("finds %s", (_, evidence, problems) => {
    expect(problemsOf(evidence)).toEqual(problems);
  });
});
