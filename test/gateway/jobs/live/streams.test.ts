import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { Response } from "express";
import { beforeEach, describe, expect, it } from "vitest";
import type { Job } from "../../../../contract/api.ts";
import type { JobEvent } from "../../../../gateway/jobs/live/event-log.ts";
import { createJobFeed, type JobFeed } from "../../../../gateway/jobs/live/feed.ts";
import { createEventStreams, type EventStreamsOptions } from "../../../../gateway/jobs/live/streams.ts";
import { createLog } from "../../../../gateway/log.ts";
import { until } from "../../../support/until.ts";

let feed: JobFeed;
let state: Job["state"];
let log: JobEvent[];
let asked: number[];
let faults: string[];
let stopping: AbortController;
beforeEach(() => {
  feed = createJobFeed();
  state = "running";
  log = [];
  asked = [];
  faults = [];
  stopping = new AbortController();
});

const streams = (more: Partial<EventStreamsOptions> = {}) =>
  createEventStreams({
    feed,
    events: {
      after: (_id, sequence, limit) => {
        asked.push(sequence);
        return Promise.resolve(log.filter((event) => event.sequence > sequence).slice(0, limit));
      },
    },
    job: (id) => Promise.resolve({ job_id: id, state } as Job),
    stopping: stopping.signal,
    log: createLog((line) => faults.push(line)),
    ...more,
  });
/** A reader that has so many bytes under way, and takes more when it is read. */
const reader = (highWaterMark: number) =>
  Object.assign(new PassThrough({ highWaterMark }), { writeHead: () => undefined }) as unknown as Response &
    PassThrough;
const add = (type: JobEvent["type"], data: unknown): void => {
  log.push({ sequence: log.length + 1, type, data, createdAt: "2026-01-01T00:00:00.000Z" });
  feed.changed("j1");
};
const text = (response: PassThrough): string => String(response.read() ?? "");

describe("an event stream", () => {
  it("reads no further in the log than its reader takes", async () => {
    for (let step = 1; step <= 300; step++) add("progress", { step, text: "x".repeat(100) });
    const slow = reader(2000);
    const sent = streams().send("j1", 0, slow);
    await turn();
    feed.changed("j1");
    await turn();
    expect(asked).toEqual([0]);
    expect(slow.writableLength + slow.readableLength).toBeLessThan(6000);
    let all = "";
    slow.on("data", (chunk: Buffer) => (all += chunk.toString()));
    await until("all were read", () => all.includes('"step":300,'));
    expect(asked.slice(0, 4)).toEqual([0, 100, 200, 300]);
    stopping.abort();
    await sent;
  });

  it("drops pictures that its reader has no time for", async () => {
    const slow = reader(1000);
    const sent = streams().send("j1", 0, slow);
    await turn();
    let made = 0;
    for (let picture = 0; picture < 50; picture++) {
      feed.preview("j1", () => {
        made += 1;
        return { node: null, media_type: "image/png", data: "x".repeat(5000) };
      });
    }
    expect(made).toBe(50);
    expect(slow.writableLength + slow.readableLength).toBeLessThan(12_000);
    stopping.abort();
    await sent;
  });

  it("beats while nothing happens, and not at a reader that is busy", async () => {
    const idle = reader(1000);
    const sent = streams({ heartbeatMs: 1 }).send("j1", 0, idle);
    let all = "";
    idle.on("data", (chunk: Buffer) => (all += chunk.toString()));
    await until("it beats", () => all.endsWith(":\n\n:\n\n"));
    expect(all).toMatch(/^retry: 1000\n\n(:\n\n)+$/);
    stopping.abort();
    await sent;
  });

  it("ends when its reader goes, and leaves nobody who follows", async () => {
    const gone = reader(1000);
    const sent = streams().send("j1", 0, gone);
    await turn();
    gone.destroy();
    await sent;
    feed.preview("j1", () => expect.unreachable("nobody looks"));
  });

  it("ends while its reader is busy, when the gateway stops", async () => {
    for (let step = 1; step <= 10; step++) add("progress", { step, text: "x".repeat(1000) });
    const sent = streams().send("j1", 0, reader(100));
    await turn();
    stopping.abort();
    await sent;
    expect(faults).toEqual([]);
  });

  it("ends with a job whose last event was lost: a client asks for the job then", async () => {
    const response = reader(10_000);
    add("state", { state: "running" });
    const sent = streams().send("j1", 5, response);
    await turn();
    state = "completed";
    feed.changed("j1");
    await sent;
    expect(text(response)).toBe("retry: 1000\n\n");
  });

  it("ends, and the log says why, when the log cannot be read", async () => {
    const response = reader(1000);
    await streams({ events: { after: () => Promise.reject(new Error("the disk is gone")) } }).send("j1", 0, response);
    expect(faults.join("")).toMatch(/"job_id":"j1","error":"the disk is gone".*"msg":"event stream failed by a fault"/);
    expect(response.writableEnded).toBe(true);
  });
});
