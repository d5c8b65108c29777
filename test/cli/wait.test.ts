import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClient } from "../../cli/client.ts";
import { TimedOutError } from "../../cli/errors.ts";
import { type WaitOptions, waitForJob } from "../../cli/invoke/wait.ts";
import { contractDocument } from "../support/apps.ts";
import { type GatewayDouble, startGatewayDouble } from "../support/gateway-double.ts";

let gateway: GatewayDouble;
let news: string[];

beforeEach(async () => {
  gateway = await startGatewayDouble(contractDocument, "key-1");
  news = [];
});
afterEach(() => gateway.close());

function wait(options: Partial<WaitOptions> = {}, apiKey = "key-1") {
  const interrupted = options.interrupted ?? new AbortController().signal;
  const client = createClient({
    url: gateway.url,
    apiKey,
    keyRemedy: "set THE_KEY",
    userAgent: "test",
    signal: interrupted,
  });
  const onChange = (text: string) => news.push(text);
  const defaults = {
    pollSeconds: 0.2,
    timeoutSeconds: undefined,
    onGivingUp: "cancel",
    interrupted,
    onChange,
  } as const;
  return waitForJob(client, "job1", { ...defaults, ...options });
}

describe("waiting for a job", () => {
  it("tells every state once and ends with the finished job", async () => {
    gateway.states = ["queued", "running", "running", "completed"];
    gateway.result = { text: "done" };
    expect((await wait()).output?.result).toEqual({ text: "done" });
    expect(news).toEqual(["queued", "running", "completed"]);
  });

  it("gives a failed job back as it is", async () => {
    gateway.states = ["failed"];
    expect(await wait()).toMatchObject({ state: "failed", error: "PROMPT_FAILED:no memory" });
  });

  it("goes on through connections that break and answers of 429 and 5xx", async () => {
    gateway.faults = [{ status: "drop" }, { status: 502, body: "bad gateway" }, { status: 429 }];
    expect((await wait()).state).toBe("completed");
    expect(news).toEqual([
      expect.stringMatching(/jobs\/job1 got no answer: .*; trying again$/),
      expect.stringMatching(/jobs\/job1 answered 502 bad gateway; trying again$/),
      expect.stringMatching(/jobs\/job1 answered 429; trying again$/),
      "completed",
    ]);
  });

  it("stops at once when the key is refused or the job is unknown", async () => {
    await expect(wait({}, "wrong")).rejects.toThrow(/answered 401 unauthorized; set THE_KEY$/);
    gateway.faults = [{ status: 404, body: '{"error": "job_not_found"}' }];
    await expect(wait()).rejects.toThrow(/answered 404 job_not_found$/);
    expect(gateway.requests).toEqual(["GET /jobs/job1", "GET /jobs/job1"]);
  });

  it("cancels the job when the time is up", async () => {
    gateway.states = ["running"];
    await expect(wait({ timeoutSeconds: 0.3 })).rejects.toThrow(
      "job job1 was still running after 0.3 s; it is being canceled",
    );
    expect(gateway.requests.at(-1)).toBe("POST /jobs/job1/cancel");
  });

  it("leaves the job alone when the time is up, where that was asked for", async () => {
    gateway.states = ["running"];
    const waiting = wait({ timeoutSeconds: 0.3, onGivingUp: "leave" });
    await expect(waiting).rejects.toThrow(new TimedOutError("job job1 was still running after 0.3 s; it goes on"));
    expect(new Set(gateway.requests)).toEqual(new Set(["GET /jobs/job1"]));
  });

  it("cancels the job when the user interrupts", async () => {
    gateway.states = ["running"];
    const interruption = new AbortController();
    const waiting = expect(wait({ interrupted: interruption.signal })).rejects.toThrow();
    await expect.poll(() => news).toEqual(["running"]);
    interruption.abort();
    await waiting;
    expect(gateway.requests.at(-1)).toBe("POST /jobs/job1/cancel");
  });
});
