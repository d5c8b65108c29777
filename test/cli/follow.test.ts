import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient } from "../../cli/client.ts";
import { TimedOutError } from "../../cli/errors.ts";
import { jobText } from "../../cli/jobs/display.ts";
import { type FollowOptions, followJob } from "../../cli/jobs/follow.ts";
import type { Job } from "../../contract/api.ts";
import { contractDocument } from "../support/apps.ts";
import { type GatewayDouble, startGatewayDouble } from "../support/gateway-double.ts";

let gateway: GatewayDouble;
let news: string[];
beforeEach(async () => {
  gateway = await startGatewayDouble(contractDocument, "key-1");
  news = [];
});
afterEach(() => gateway.close());

function follow(options: Partial<FollowOptions> = {}, apiKey = "key-1"): Promise<Job> {
  const interrupted = options.interrupted ?? new AbortController().signal;
  const client = createClient({ url: gateway.url, apiKey, keyRemedy: "", userAgent: "test", signal: interrupted });
  const defaults: FollowOptions = {
    ...{ pollSeconds: 0.2, timeoutSeconds: undefined, interrupted, onGivingUp: "leave" },
    news: { onChange: (view) => news.push(jobText(view)), onTrouble: (reason) => news.push(reason) },
  };
  return followJob(client, "job1", { ...defaults, ...options });
}

const event = (id: number | undefined, type: string, data: object): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const state = (id: number, to: string, job?: object): string =>
  event(id, "state", { job_id: "job1", state: to, at: "2026-01-01T00:00:00Z", ...(job && { job }) });
const progress = (id: number, value: number): string =>
  event(id, "progress", { value, node: "2", node_class: "KSampler", node_value: 1, node_max: 4 });
/** The job as the double shows it at its end. */
const ended = async (): Promise<Job> =>
  (await (await fetch(`${gateway.url}/jobs/job1`, { headers: { "x-api-key": "key-1" } })).json()) as Job;

describe("following a job", () => {
  it("tells states and progress, and ends with the job that the last event carries", async () => {
    const job = await ended();
    gateway.requests = [];
    const preview = event(undefined, "preview", { node: "2", media_type: "image/jpeg", data: "AA==" });
    gateway.streams = [
      [
        ...[": hello\n\n", state(1, "queued"), state(2, "running"), progress(3, 0.12), progress(4, 0.17)],
        ...[preview, progress(5, 0.58), state(6, "completed", job)],
      ].join(""),
    ];
    expect(await follow()).toEqual(job);
    expect(news).toEqual([
      ...["queued", "running", "running  12 %  KSampler 1/4", "running  17 %  KSampler 1/4"],
      ...["running  58 %  KSampler 1/4", "completed"],
    ]);
    expect(gateway.requests).toEqual(["GET /jobs/job1/events"]);
  });

  it("goes on after the last event it saw when the connection is lost", async () => {
    gateway.states = ["running", "completed"];
    gateway.streams = [state(1, "queued") + state(2, "running"), progress(7, 0.5)];
    expect((await follow()).state).toBe("completed");
    expect(gateway.lastEventIds).toEqual([undefined, "2"]);
    expect(news).toEqual(["queued", "running", "running  50 %  KSampler 1/4", "completed"]);
  });

  it("tells the place in the queue, which no event does", async () => {
    const job = await ended();
    gateway.states = ["queued"];
    gateway.openStream = state(1, "queued");
    const following = follow();
    await expect.poll(() => news).toEqual(["queued", "queued, number 1 in line"]);
    gateway.endStream(state(2, "completed", job));
    expect(await following).toEqual(job);
  });

  it("goes on through answers that pass", async () => {
    gateway.faults = [{ status: "drop" }, { status: 524, body: "a timeout" }, { status: 429 }];
    gateway.streams = [state(1, "queued")];
    expect((await follow()).state).toBe("completed");
    expect(news).toEqual([
      expect.stringMatching(/job1\/events got no answer: .*$/),
      expect.stringMatching(/job1\/events answered 524 a timeout$/),
      expect.stringMatching(/job1\/events answered 429$/),
      "queued",
      "completed",
    ]);
  });

  it("looks again and again where there are no events, and tells progress from that", async () => {
    gateway.states = ["queued", "running", "running", "completed"];
    expect((await follow()).state).toBe("completed");
    expect(news).toEqual(["queued, number 1 in line", "running", "completed"]);
    const look = "GET /jobs/job1";
    expect(gateway.requests).toEqual([`${look}/events`, look, look, look, look]);
  });

  it("gives a failed job back as it is", async () => {
    gateway.states = ["failed"];
    expect(await follow()).toMatchObject({ state: "failed", error: "PROMPT_FAILED:no memory" });
  });

  it("stops at once when the key is refused or the job is unknown", async () => {
    await expect(follow({}, "wrong")).rejects.toThrow(/answered 401 unauthorized/);
    gateway.faults = [{ status: 404, body: '{"error": "job_not_found"}' }];
    await expect(follow()).rejects.toThrow(/answered 404 job_not_found$/);
  });

  const cancels = () => gateway.requests.filter((request) => request.endsWith("/cancel"));

  describe.each([["with events"], ["without"]])("a job that is given up, %s", (kind) => {
    beforeEach(() => {
      gateway.states = ["running"];
      if (kind === "with events") gateway.openStream = state(1, "running");
    });

    it("is left alone or canceled when the time is up", async () => {
      await expect(follow({ timeoutSeconds: 0.3 })).rejects.toThrow(
        new TimedOutError("job job1 was still running after 0.3 s; it goes on"),
      );
      expect(cancels()).toEqual([]);
      await expect(follow({ timeoutSeconds: 0.3, onGivingUp: "cancel" })).rejects.toThrow(
        new TimedOutError("job job1 was still running after 0.3 s; it is being canceled"),
      );
      expect(cancels()).toEqual(["POST /jobs/job1/cancel"]);
    });

    it.each([
      ["leave", 0],
      ["cancel", 1],
    ] as const)("comes to what was asked for when the user interrupts: %s", async (onGivingUp, count) => {
      const interruption = new AbortController();
      const following = expect(follow({ interrupted: interruption.signal, onGivingUp })).rejects.toThrow("aborted");
      await expect.poll(() => news).toEqual(["running"]);
      interruption.abort();
      await following;
      expect(cancels()).toHaveLength(count);
    });
  });
});
