import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { apiKey, drawPictures, startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
afterEach(() => gateway.stop());

const metrics = async (): Promise<Map<string, number>> => {
  const response = await gateway.request("/metrics");
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
};
const endedJobs = async (state: string, count: number) =>
  until(
    `${count} ${state}`,
    async () => (await metrics()).get(`comfy_endpoints_jobs_ended_total{state="${state}"}`) === count,
  );

describe("GET /metrics", () => {
  it("tells jobs, their waits and run times, and the GPU's time, each end counted once", async () => {
    gateway = await startGateway();
    const idle = await metrics();
    expect(idle.get("comfy_endpoints_ready")).toBe(1);
    expect(idle.get('comfy_endpoints_jobs_ended_total{state="completed"}')).toBe(0);
    const running = await gateway.run({ prompt: "x" });
    await gateway.jobIn("running", running);
    const queued = await gateway.run({ prompt: "y" });
    const busy = await metrics();
    expect([
      busy.get('comfy_endpoints_jobs{state="running"}'),
      busy.get('comfy_endpoints_jobs{state="queued"}'),
    ]).toEqual([1, 1]);
    for (let again = 0; again < 2; again++) await gateway.request(`/jobs/${queued}/cancel`, { method: "POST" });
    await endedJobs("canceled", 1);
    drawPictures(gateway.comfy);
    for (const submission of gateway.comfy.submissions) gateway.comfy.onPrompt?.(submission);
    await endedJobs("completed", 1);
    const { timings } = await gateway.job(running);
    const after = await metrics();
    // One of them never ran.
    expect(after.get("comfy_endpoints_job_run_seconds_count")).toBe(1);
    expect(after.get("comfy_endpoints_gpu_seconds_total")).toBeCloseTo((timings.run_ms ?? 0) / 1000, 6);
    expect(after.get("comfy_endpoints_job_wait_seconds_sum")).toBeCloseTo(timings.queued_ms / 1000, 6);
    expect(after.get('comfy_endpoints_jobs_ended_total{state="canceled"}')).toBe(1);
    expect(after.has("comfy_endpoints_pod_cost_usd_per_hour")).toBe(false);
  });

  it("counts answers by route and status, also where no route is", async () => {
    gateway = await startGateway();
    await gateway.request("/jobs/none");
    await gateway.request("/jobs/another");
    await gateway.request("/nowhere/else");
    await gateway.request("/files", { headers: { "x-api-key": "wrong" } });
    await until("they are counted", async () => {
      const counted = await metrics();
      const count = (route: string, status: string) =>
        counted.get(`comfy_endpoints_http_requests_total{route="${route}",status="${status}"}`);
      return count("job", "404") === 2 && count("none", "404") === 1 && count("listFiles", "401") === 1;
    });
    expect((await metrics()).get('comfy_endpoints_http_request_seconds_count{route="job"}')).toBe(2);
  });

  it("counts callers who left before their answer apart", async () => {
    gateway = await startGateway();
    const id = await gateway.run({ prompt: "x" });
    const request = httpRequest(`${gateway.url}/jobs/${id}?wait=60`, { headers: { "x-api-key": apiKey } });
    request.on("error", () => undefined).end();
    await once(request, "finish");
    request.destroy();
    const left = 'comfy_endpoints_http_requests_total{route="job",status="499"}';
    await until("it is counted", async () => (await metrics()).get(left) === 1);
  });

  it("wants a key", async () => {
    gateway = await startGateway();
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(401);
  });
});

describe("GET /readyz", () => {
  const ready = async () => {
    const response = await gateway.request("/readyz");
    return [response.status, await response.json()];
  };

  it("says to send runs elsewhere while the queue is full, and while the endpoint drains", async () => {
    gateway = await startGateway({
      settings: (settings) => ({ ...settings, limits: { ...settings.limits, queuedJobs: 1 } }),
    });
    expect(await ready()).toEqual([200, { ready: true, reason: null }]);
    await gateway.jobIn("running", await gateway.run({ prompt: "x" }));
    const queued = await gateway.run({ prompt: "y" });
    expect(await ready()).toEqual([503, { ready: false, reason: "1 jobs wait, which is as many as may" }]);
    await gateway.request(`/jobs/${queued}/cancel`, { method: "POST" });
    expect(await ready()).toEqual([200, { ready: true, reason: null }]);
    await gateway.request("/admin/drain", { method: "POST" });
    expect(await ready()).toEqual([503, { ready: false, reason: "takes no more runs, and finishes those it has" }]);
  });

  it("says so while the endpoint boots", async () => {
    gateway = await startGateway({
      ready: false,
      comfy: (comfy) => {
        comfy.up = false;
      },
    });
    const [status, body] = await ready();
    expect([status, (body as { ready: boolean }).ready]).toEqual([503, false]);
  });
});
