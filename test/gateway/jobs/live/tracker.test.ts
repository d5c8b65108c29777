import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobProgress } from "../../../../contract/api.ts";
import type { PreviewEvent } from "../../../../contract/job-events.ts";
import { createJobFeed, type JobFeed } from "../../../../gateway/jobs/live/feed.ts";
import { createTracker, type Tracker } from "../../../../gateway/jobs/live/tracker.ts";
import { createLog } from "../../../../gateway/log.ts";

const prompt = { "1": { class_type: "KSampler", inputs: {} }, "2": { class_type: "SaveImage", inputs: {} } };
const promptId = "p1";

let written: [string, JobProgress][];
let feed: JobFeed;
let tracker: Tracker;
let log: string[];
let fails: boolean;
beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  log = [];
  fails = false;
  feed = createJobFeed();
  const progress = (jobId: string, body: JobProgress): Promise<void> => {
    if (fails) return Promise.reject(new Error("the disk is full"));
    written.push([jobId, body]);
    return Promise.resolve();
  };
  tracker = createTracker({ events: { progress }, feed, log: createLog((line) => log.push(line)), everyMs: 250 });
  tracker.begin({ id: "j1", promptId }, prompt);
});
afterEach(() => {
  vi.useRealTimers();
});

const step = (value: number): void => tracker.event({ kind: "steps", promptId, node: "1", steps: { value, max: 10 } });
const at = (value: number, steps: number): JobProgress => ({
  ...{ value, node: "1", node_class: "KSampler", node_value: steps, node_max: 10 },
});

describe("the progress of the running job", () => {
  it("is known at once, and to nobody else's job", () => {
    expect(tracker.progressOf("j1")).toBeNull();
    step(1);
    expect(tracker.progressOf("j1")).toEqual(at(0.05, 1));
    expect(tracker.progressOf("j2")).toBeNull();
  });

  it("is written at most once in 250 ms, the latest of it", async () => {
    step(1);
    step(2);
    await vi.advanceTimersByTimeAsync(249);
    expect(written).toEqual([]);
    step(3);
    await vi.advanceTimersByTimeAsync(1);
    expect(written).toEqual([["j1", at(0.15, 3)]]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(written).toHaveLength(1);
    step(4);
    await vi.advanceTimersByTimeAsync(250);
    expect(written).toEqual([
      ["j1", at(0.15, 3)],
      ["j1", at(0.2, 4)],
    ]);
  });

  it("leaves nothing to write when the job ends before", async () => {
    step(1);
    tracker.end();
    await vi.advanceTimersByTimeAsync(1000);
    expect(written).toEqual([]);
    expect(tracker.progressOf("j1")).toBeNull();
  });

  it("takes no notice of other prompts, nor of anything while no job runs", () => {
    tracker.event({ kind: "steps", promptId: "p2", node: "1", steps: { value: 5, max: 10 } });
    expect(tracker.progressOf("j1")).toBeNull();
    tracker.end();
    step(5);
    expect(tracker.progressOf("j1")).toBeNull();
  });

  it("begins anew with another attempt", () => {
    step(9);
    tracker.begin({ id: "j1", promptId: "p2" }, prompt);
    expect(tracker.progressOf("j1")).toBeNull();
  });

  it("that cannot be written is said in the log, and the job goes on", async () => {
    fails = true;
    step(1);
    await vi.advanceTimersByTimeAsync(250);
    expect(log.join("")).toMatch(/"job_id":"j1","error":"the disk is full".*"msg":"progress not written"/);
    fails = false;
    step(2);
    await vi.advanceTimersByTimeAsync(250);
    expect(written).toEqual([["j1", at(0.1, 2)]]);
  });
});

describe("a preview", () => {
  const show = (node?: string): void =>
    tracker.event({ kind: "preview", promptId: undefined, node, mediaType: "image/png", bytes: Buffer.from("abc") });

  it("goes to whoever looks, as base64, of the node that runs", () => {
    const seen: PreviewEvent[] = [];
    feed.follow("j1", { changed: () => undefined, preview: (preview) => seen.push(preview) });
    show();
    step(1);
    show();
    show("2");
    expect(seen).toEqual([null, "1", "2"].map((node) => ({ node, media_type: "image/png", data: "YWJj" })));
  });

  it("is not even made when nobody looks", () => {
    feed.follow("j1", { changed: () => undefined });
    const unfollow = feed.follow("j1", { changed: () => undefined, preview: () => expect.unreachable() });
    unfollow();
    const toString = vi.spyOn(Buffer.prototype, "toString");
    show();
    expect(toString).not.toHaveBeenCalled();
    toString.mockRestore();
  });
});
