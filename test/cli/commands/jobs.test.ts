import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { contractDocument } from "../../support/apps.ts";
import { type CendWithEndpoints, cendWithEndpoints } from "../../support/cend-endpoints.ts";
import { type GatewayDouble, startGatewayDouble } from "../../support/gateway-double.ts";
import { until } from "../../support/until.ts";

let gateway: GatewayDouble;
let run: CendWithEndpoints;
beforeAll(async () => {
  gateway = await startGatewayDouble(contractDocument, "key-1");
  run = cendWithEndpoints({ cards: gateway.url }, "key-1");
});
afterAll(async () => {
  await gateway.close();
  run.remove();
});
beforeEach(() => {
  gateway.requests = [];
  gateway.states = ["completed"];
  gateway.result = { text: "done" };
});

describe("cend jobs", () => {
  it("gets a job as the endpoint tells it, failed or not", async () => {
    gateway.states = ["failed"];
    const { code, stdout, stderr } = await run.cend("jobs", "get", "cards", "job1");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ job_id: "job1", state: "failed", error: "PROMPT_FAILED:no memory" });
  });

  it("cancels a job, and prints the reply", async () => {
    const { code, stdout } = await run.cend("jobs", "cancel", "cards", "job2");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ job_id: "job2", state: "canceling", cancel_requested: true });
  });

  it("lists jobs by page, and tells a wrong filter by its flag before anything is sent", async () => {
    const { code, stdout } = await run.cend("jobs", "list", "cards", "--state", "completed,failed", "--limit", "1");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ job_id: "job1", state: "completed" }], next_cursor: "17-1" });
    expect(gateway.queries.at(-1)).toBe("?limit=1&state=completed%2Cfailed");

    gateway.requests = [];
    expect(await run.cend("jobs", "list", "cards", "--state", "done", "--created-after", "now")).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'error: --state is "done"; give states of queued, running, completed, failed, canceled, with commas between\n' +
        '--created-after is "now"; give a time such as 2026-01-31T12:00:00Z (write + as %2B)\n',
    });
    expect(gateway.requests).toEqual([]);
  });

  it("follows a job to its end: the document on stdout, its progress on stderr", async () => {
    const state = (to: string) =>
      `event: state\ndata: ${JSON.stringify({ job_id: "job1", state: to, at: "2026-01-01T00:00:00Z" })}\n\n`;
    gateway.streams = [state("queued") + state("running")];
    const { code, stdout, stderr } = await run.cend("jobs", "follow", "cards", "job1");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "queued\nrunning\ncompleted\n" });
    expect(JSON.parse(stdout)).toMatchObject({
      job_id: "job1",
      state: "completed",
      output: { result: { text: "done" } },
    });
  });

  it("tells by its exit code how following ended: failed, timed out, interrupted", async () => {
    gateway.states = ["failed"];
    expect(await run.cend("jobs", "follow", "cards", "job1")).toMatchObject({ code: 1, stderr: "failed\n" });
    gateway.states = ["running"];
    const late = await run.cend("jobs", "follow", "cards", "job1", "--timeout-seconds", "0.1");
    expect(late).toMatchObject({ code: 5, stdout: "" });
    // Whether it had come as far as a first look, its time does not tell.
    expect(late.stderr).toMatch(/error: job job1 was still (running|unknown) after 0\.1 s; it goes on\n$/);
    gateway.requests = [];
    const { child, ended } = run.start("jobs", "follow", "cards", "job1");
    await until("the job is asked for", () => gateway.requests.includes("GET /jobs/job1"));
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(gateway.requests).not.toContain("POST /jobs/job1/cancel");
  });

  it("cancels a run that takes longer than it may, and exits with 5", async () => {
    gateway.states = ["running"];
    const flags = ["--input-prompt", "fog", "--wait", "--timeout-seconds", "0.1"];
    const { code, stdout, stderr } = await run.cend("invoke", "cards", ...flags);
    expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
    expect(stderr).toMatch(/error: job [0-9a-f]{32} was still (running|unknown) after 0\.1 s; it is being canceled\n$/);
    expect(gateway.requests.at(-1)).toMatch(/^POST \/jobs\/[0-9a-f]{32}\/cancel$/);
  });

  it("exits with 2 for what only the endpoint finds wrong", async () => {
    gateway.faults = [{ status: 400, body: '{"error": "invalid_cursor"}' }];
    expect(await run.cend("jobs", "get", "cards", "job1")).toMatchObject({ code: 2, stdout: "" });
  });

  it("tells by its exit code what is not there, and whose key is refused", async () => {
    gateway.faults = [{ status: 404, body: '{"error": "job_not_found"}' }];
    expect(await run.cend("jobs", "get", "cards", "job9")).toEqual({
      code: 3,
      stdout: "",
      stderr: `error: GET ${gateway.url}/jobs/job9 answered 404 job_not_found\n`,
    });
    expect((await run.cend("jobs", "get", "faces", "job1")).code).toBe(3);
    const stranger = cendWithEndpoints({ cards: gateway.url }, "another key");
    expect(await stranger.cend("jobs", "get", "cards", "job1")).toEqual({
      code: 4,
      stdout: "",
      stderr: `error: GET ${gateway.url}/jobs/job1 answered 401 unauthorized; set COMFY_ENDPOINTS_API_KEY or COMFY_ENDPOINTS_API_KEY_CARDS\n`,
    });
    stranger.remove();
  });

  it("suggests what was meant", async () => {
    expect(await run.cend("jobs", "gte", "cards", "job1")).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: unknown command 'gte'\n(Did you mean get?)\n(--help tells what there is)\n",
    });
    expect((await run.cend("job", "get")).stderr).toContain("(Did you mean jobs?)");
  });

  it("invokes an app by its name alone when the environment tells its address", async () => {
    const { code, stdout } = await run.cend("cards", "--input-prompt", "fog");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      app_id: "cards",
      endpoint_url: gateway.url,
      request: { prompt: "fog" },
    });
  });
});
