import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDrain } from "../../../gateway/admin/drain.ts";
import { drawPictures, startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.stop());

const drain = async (body?: unknown) => {
  const response = await gateway.request("/admin/drain", {
    method: "POST",
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return [response.status, await response.json()];
};
const health = async () => {
  const response = await gateway.request("/healthz");
  return [response.status, await response.json()];
};
const run = () => gateway.request("/run", { method: "POST", body: '{"prompt":"x"}' });

describe("an endpoint that drains", () => {
  it("is drained when it has nothing to do", async () => {
    expect(await drain()).toEqual([200, { state: "drained", queued: 0, running: 0 }]);
  });

  it("takes no more runs, says when to come back, and finishes what it has", async () => {
    const running = await gateway.run({ prompt: "1" });
    await gateway.jobIn("running", running);
    const queued = await gateway.run({ prompt: "2" });
    expect(await drain()).toEqual([200, { state: "draining", queued: 1, running: 1 }]);

    const refused = await run();
    expect([refused.status, await refused.json()]).toEqual([
      503,
      {
        error: "draining",
        detail: "the endpoint takes no more runs; another one takes its place, or it goes on in a while",
      },
    ]);
    expect(refused.headers.get("retry-after")).toBe("30");

    drawPictures(gateway.comfy);
    for (const submission of gateway.comfy.submissions) gateway.comfy.onPrompt?.(submission);
    await gateway.jobIn("completed", running);
    await gateway.jobIn("completed", queued);
    expect(await drain()).toEqual([200, { state: "drained", queued: 0, running: 0 }]);
  });

  it("is not ready for whoever looks at its health, and shows its jobs all the same", async () => {
    await drain();
    expect(await health()).toEqual([
      503,
      { status: "draining", phase: "ready", detail: "takes no more runs, and finishes those it has" },
    ]);
    expect((await gateway.request("/contract")).status).toBe(200);
  });

  it("takes runs again when the drain is ended", async () => {
    await drain();
    const ended = await gateway.request("/admin/drain", { method: "DELETE" });
    expect([ended.status, await ended.text()]).toEqual([204, ""]);
    expect((await health())[0]).toBe(200);
    expect((await run()).status).toBe(202);
  });

  it("takes runs again when the time of the drain is over", async () => {
    await drain({ seconds: 0.3 });
    expect((await run()).status).toBe(503);
    await until("runs are taken", async () => (await run()).status === 202, 5);
  });

  it.each([{ seconds: 0 }, { seconds: -1 }, { seconds: 86_401 }, { seconds: "1" }, []])(
    "is not one for %j",
    async (body) => {
      expect((await drain(body))[0]).toBe(400);
      expect((await health())[0]).toBe(200);
    },
  );
});

describe("a drain", () => {
  it("lasts as long as it was told last", () => {
    let now = 0;
    const each = createDrain(() => now);
    expect(each.isOn()).toBe(false);
    each.begin(10);
    now = 9999;
    expect(each.isOn()).toBe(true);
    each.begin(10);
    now = 19_998;
    expect(each.isOn()).toBe(true);
    now = 19_999;
    expect(each.isOn()).toBe(false);
    each.begin(undefined);
    now = 1e12;
    expect(each.isOn()).toBe(true);
    each.end();
    expect(each.isOn()).toBe(false);
  });
});
