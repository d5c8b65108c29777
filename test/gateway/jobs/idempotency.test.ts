import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiKey, drawPictures, startGateway, type TestGateway } from "../../support/gateway.ts";
import { registerKey } from "../../support/named-keys.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.stop());

interface Answer {
  status: number;
  body: Record<string, unknown>;
  replayed: string | null;
}
const post = async (
  key: string,
  { query = "", body = '{"prompt":"x"}', apiKey: caller = apiKey } = {},
): Promise<Answer> => {
  const headers = { "idempotency-key": key, "x-api-key": caller };
  const response = await gateway.request(`/run${query}`, { method: "POST", body, headers });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    replayed: response.headers.get("idempotent-replayed"),
  };
};
const conflict = {
  status: 409,
  body: {
    error: "idempotency_conflict",
    detail: "this Idempotency-Key came with another request before; give each run a key of its own",
  },
  replayed: null,
};
const jobCount = async (): Promise<number> =>
  ((await (await gateway.request("/jobs")).json()) as { items: unknown[] }).items.length;

describe("a run with an Idempotency-Key", () => {
  it("is one job however often it is asked for", async () => {
    const first = await post("k1");
    expect(first).toEqual({ status: 202, body: { job_id: first.body["job_id"], state: "queued" }, replayed: null });
    await until("it is submitted", () => gateway.comfy.submissions.length === 1);
    const again = await post("k1");
    expect(again).toEqual({
      status: 202,
      body: { job_id: first.body["job_id"], state: "running" },
      replayed: "true",
    });
    expect(await jobCount()).toBe(1);
  });

  it("is one job also when both come in the same moment", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post("k1")));
    expect(new Set(answers.map(({ body }) => body["job_id"])).size).toBe(1);
    expect(answers.filter(({ replayed }) => replayed === null)).toHaveLength(1);
    expect(await jobCount()).toBe(1);
  });

  it("is the same request with its fields in another order, other blanks and another wait", async () => {
    drawPictures(gateway.comfy);
    const first = await post("k1", { body: '{"prompt":"x"}', query: "?priority=0" });
    const again = await post("k1", { body: ' { "prompt" : "x" } ', query: "?wait=20" });
    expect(again).toMatchObject({
      status: 200,
      body: { job_id: first.body["job_id"], state: "completed" },
      replayed: "true",
    });
  });

  it.each([
    ["another body", { body: '{"prompt":"y"}' }],
    ["a body that would be refused", { body: '{"promt":"x"}' }],
    ["another priority", { query: "?priority=1" }],
    ["a webhook", { query: "?webhook=https://example.com/hook" }],
  ])("is refused with %s under the same key", async (_, changed) => {
    await post("k1");
    expect(await post("k1", changed)).toEqual(conflict);
    expect(await jobCount()).toBe(1);
  });

  it("is remembered over a restart, and when its job has ended", async () => {
    drawPictures(gateway.comfy);
    const { body } = await post("k1");
    await gateway.jobIn("completed", String(body["job_id"]));
    await gateway.restart();
    expect(await post("k1")).toEqual({
      status: 202,
      body: { job_id: body["job_id"], state: "completed" },
      replayed: "true",
    });
    expect(await post("k1", { body: '{"prompt":"y"}' })).toEqual(conflict);
  });

  it("has nothing to do with the same key of another caller", async () => {
    const other = await registerKey(gateway, "shop", ["run"]);
    const first = await post("k1");
    const second = await post("k1", { apiKey: other, body: '{"prompt":"y"}' });
    expect(second).toMatchObject({ status: 202, replayed: null });
    expect(second.body["job_id"]).not.toBe(first.body["job_id"]);
    expect(await post("k1", { apiKey: other, body: '{"prompt":"y"}' })).toMatchObject({
      body: { job_id: second.body["job_id"] },
      replayed: "true",
    });
  });

  it("that was refused leaves the key free", async () => {
    expect(await post("k1", { body: "{}" })).toMatchObject({ status: 400 });
    expect(await post("k1")).toMatchObject({ status: 202, replayed: null });
  });

  it.each(["", "x".repeat(256), "tab\there", "schlüssel"])("is refused with %j for a key", async (key) => {
    const { status, body } = await post(key);
    expect(status).toBe(400);
    expect(body["problems"]).toMatchObject([{ path: "Idempotency-Key" }]);
    expect(body["detail"]).toContain("give 1 to 255 printable ASCII characters, such as a UUID");
  });

  it("may have the longest key there is", async () => {
    expect(await post(`${" ~".repeat(127)}x`)).toMatchObject({ status: 202 });
  });

  it("is answered although the queue is full by now", async () => {
    const full = await startGateway({
      settings: (settings) => ({ ...settings, limits: { ...settings.limits, queuedJobs: 1 } }),
    });
    try {
      const run = (key: string): Promise<Response> =>
        full.request("/run", { method: "POST", body: '{"prompt":"x"}', headers: { "idempotency-key": key } });
      await run("k1");
      await until("it is submitted", () => full.comfy.active.size === 1);
      await run("k2");
      expect((await run("k3")).status).toBe(429);
      expect((await run("k2")).status).toBe(202);
    } finally {
      await full.stop();
    }
  });
});
