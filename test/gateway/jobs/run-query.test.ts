import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawPictures, startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const post = async (query: string): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await gateway.request(`/run${query}`, { method: "POST", body: '{"prompt":"x"}' });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe("the query of a run", () => {
  it.each([
    ["?wait=91", "wait", 'is "91"; give whole seconds from 0 to 90'],
    ["?wait=-1", "wait", 'is "-1"; give whole seconds from 0 to 90'],
    ["?wait=1.5", "wait", 'is "1.5"; give whole seconds from 0 to 90'],
    ["?wait=", "wait", 'is ""; give whole seconds from 0 to 90'],
    ["?wait=1&wait=2", "wait", 'is ["1","2"]; it must be a string'],
    ["?priority=101", "priority", 'is "101"; give a whole number from -100 to 100'],
    ["?priority=-101", "priority", 'is "-101"; give a whole number from -100 to 100'],
    ["?priority=high", "priority", 'is "high"; give a whole number from -100 to 100'],
    ["?prio=1", "prio", "is not a known field; check its spelling"],
  ])("%s is refused, and nothing is queued", async (query, path, message) => {
    expect(await post(query)).toEqual({
      status: 400,
      body: { error: "VALIDATION_ERROR", detail: message, problems: [{ path, message }] },
    });
    const { items } = (await (await gateway.request("/jobs")).json()) as { items: unknown[] };
    expect(items).toEqual([]);
  });

  it("is told every problem at once", async () => {
    const { body } = await post("?wait=x&priority=y&z=1");
    expect((body["problems"] as { path: string }[]).map(({ path }) => path)).toEqual(["wait", "priority", "z"]);
  });

  it("of a look at a job is checked as well", async () => {
    const response = await gateway.request("/jobs/x?wait=100");
    expect([response.status, await response.json()]).toMatchObject([400, { problems: [{ path: "wait" }] }]);
  });
});

describe("priority", () => {
  it("lets a job go before those that came earlier, in the order of acceptance among equals", async () => {
    const first = String((await post("")).body["job_id"]);
    await until("it is submitted", () => gateway.comfy.active.size === 1);
    const ids: string[] = [];
    for (const query of ["?priority=-100", "", "?priority=7", "?priority=100", "?priority=7"]) {
      ids.push(String((await post(query)).body["job_id"]));
    }
    const jobs = await Promise.all(ids.map((id) => gateway.job(id)));
    expect(jobs.map(({ priority, queue_position: place }) => [priority, place])).toEqual([
      [-100, 5],
      [0, 4],
      [7, 2],
      [100, 1],
      [7, 3],
    ]);
    const list = (await (await gateway.request("/jobs")).json()) as { items: { queue_position: number | null }[] };
    expect(list.items.map(({ queue_position: place }) => place)).toEqual([3, 1, 2, 4, 5, null]);

    drawPictures(gateway.comfy);
    const [submission] = gateway.comfy.submissions;
    if (submission !== undefined) gateway.comfy.onPrompt?.(submission);
    await gateway.jobIn("completed", ids[0] ?? "");
    const prefixes = gateway.comfy.submissions.map(({ prompt }) => String(prompt["3"]?.inputs["filename_prefix"]));
    const order = [3, 2, 4, 1, 0].map((at) => ids[at]);
    expect(prefixes).toEqual([first, ...order].map((id) => `${id ?? ""}/image`));
  });
});
