import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../../contract/api.ts";
import { publicInternet } from "../../../gateway/net/guarded-fetch.ts";
import { drawPictures, startGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";
import { startWebhookReceiver, type WebhookReceiver, webhookSecret } from "../../support/webhook-receiver.ts";

let receiver: WebhookReceiver;
let gateway: TestGateway | undefined;
beforeEach(async () => {
  receiver = await startWebhookReceiver();
});
afterEach(async () => {
  await gateway?.stop();
  await receiver.close();
  gateway = undefined;
});

/** A gateway for which loopback is the internet. */
async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const ports = [Number(new URL(receiver.url).port)];
  gateway = await startGateway({
    env: { COMFY_ENDPOINTS_WEBHOOK_SECRET: webhookSecret },
    surroundings: { reach: { ...publicInternet, protocols: ["http:"], ports, allows: () => true } },
    ...options,
  });
  return gateway;
}

const run = async (running: TestGateway, webhook: string) => {
  const response = await running.request(`/run?webhook=${encodeURIComponent(webhook)}`, {
    method: "POST",
    body: '{"prompt":"x"}',
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const runWithWebhook = async (running: TestGateway): Promise<string> =>
  String((await run(running, `${receiver.url}?token=1`)).body["job_id"]);
const deliveries = async (running: TestGateway, id: string) =>
  ((await (await running.request(`/jobs/${id}/deliveries`)).json()) as { items: Delivery[] }).items;
const delivered = (running: TestGateway, id: string) =>
  until("it is delivered", async () => (await deliveries(running, id))[0]?.state === "delivered", 5);

describe("a job with a webhook", () => {
  it("tells it that it is completed, with all that GET /jobs/:id shows", async () => {
    const running = await start({ comfy: drawPictures });
    const id = await runWithWebhook(running);
    await delivered(running, id);
    const job = await running.job(id);
    expect(job.state).toBe("completed");
    expect(receiver.received.map(({ path, event }) => [path, event])).toEqual([
      ["/hook?token=1", { type: "job.completed", timestamp: expect.any(String) as string, data: job }],
    ]);
    expect(await deliveries(running, id)).toEqual([
      {
        delivery_id: receiver.received[0]?.id,
        url: receiver.url,
        state: "delivered",
        attempts: 1,
        next_attempt_at: null,
        error: null,
        created_at: receiver.received[0]?.event.timestamp,
      },
    ]);
  });

  it("tells it that it is failed, and that it is canceled", async () => {
    const running = await start();
    running.comfy.onPrompt = ({ id }) => running.comfy.fail(id, { exception_message: "no memory" });
    const failed = await runWithWebhook(running);
    await delivered(running, failed);
    running.comfy.onPrompt = undefined;
    const ends = await runWithWebhook(running);
    await running.jobIn("running", ends);
    const queued = await runWithWebhook(running);
    for (const id of [queued, ends]) {
      await running.request(`/jobs/${id}/cancel`, { method: "POST" });
      await delivered(running, id);
    }
    expect(receiver.received.map(({ event }) => [event.type, event.data.job_id, event.data.state])).toEqual([
      ["job.failed", failed, "failed"],
      ["job.canceled", queued, "canceled"],
      ["job.canceled", ends, "canceled"],
    ]);
  });

  it("tells it after a restart what it could not before", async () => {
    const running = await start({ comfy: drawPictures });
    receiver.hold = new Promise(() => undefined);
    const id = await runWithWebhook(running);
    await until("it is under way", () => receiver.received.length === 1, 5);
    receiver.hold = Promise.resolve();
    await running.restart();
    await delivered(running, id);
    expect(receiver.received.map((each) => each.id)).toEqual([receiver.received[0]?.id, receiver.received[0]?.id]);
  });

  it("shows a failed attempt and when the next one is", async () => {
    receiver.answers = [503];
    const running = await start({ comfy: drawPictures });
    const id = await runWithWebhook(running);
    await until("it was tried", async () => (await deliveries(running, id))[0]?.attempts === 1, 5);
    const [delivery] = await deliveries(running, id);
    expect(delivery).toMatchObject({ state: "pending", error: "the receiver answered 503" });
    const seconds = (Date.parse(delivery?.next_attempt_at ?? "") - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(1);
    expect(seconds).toBeLessThanOrEqual(6);
  });

  it("lets a receiver that is overloaded say when to come back", async () => {
    receiver.answers = [{ status: 503, retryAfter: "3600" }];
    const running = await start({ comfy: drawPictures });
    const id = await runWithWebhook(running);
    await until("it was tried", async () => (await deliveries(running, id))[0]?.attempts === 1, 5);
    const [delivery] = await deliveries(running, id);
    const seconds = (Date.parse(delivery?.next_attempt_at ?? "") - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(3500);
    expect(seconds).toBeLessThanOrEqual(3600);
  });
});

describe("POST /jobs/:id/redeliver", () => {
  const redeliver = async (id: string) => {
    const response = await gateway?.request(`/jobs/${id}/redeliver`, { method: "POST" });
    return [response?.status, await response?.json()];
  };

  it("sends the same event again, under the same id", async () => {
    receiver.answers = [410];
    const running = await start({ comfy: drawPictures });
    const id = await runWithWebhook(running);
    await until("it is given up", async () => (await deliveries(running, id))[0]?.state === "failed", 5);
    expect(await redeliver(id)).toMatchObject([202, { state: "pending", attempts: 0 }]);
    await delivered(running, id);
    const [first, second] = receiver.received;
    expect([second?.id, second?.event]).toEqual([first?.id, first?.event]);
    expect(await deliveries(running, id)).toHaveLength(1);
  });

  it("has nothing to send for a job without a webhook, for one that goes on, and for none", async () => {
    const running = await start();
    const without = await running.run({ prompt: "x" });
    const goesOn = await runWithWebhook(running);
    const nothing = [409, { error: "no_delivery", detail: "the job has no webhook, or has not ended" }];
    expect(await redeliver(without)).toEqual(nothing);
    expect(await redeliver(goesOn)).toEqual(nothing);
    expect(await redeliver("none")).toEqual([404, { error: "job_not_found" }]);
    expect(await deliveries(running, goesOn)).toEqual([]);
    expect((await running.request("/jobs/none/deliveries")).status).toBe(404);
  });
});

describe("a webhook", () => {
  const refused = (message: string) => ({
    status: 400,
    body: {
      error: "VALIDATION_ERROR",
      detail: `webhook: ${message}`,
      problems: [{ path: "webhook", message }],
    },
  });

  it.each([
    ["http://example.com/hook", "give a URL that begins with https://"],
    ["https://127.0.0.1/hook", "give a URL whose host has a public address"],
    ["https://[::1]/hook", "give a URL whose host has a public address"],
    ["https://169.254.169.254/latest", "give a URL whose host has a public address"],
    ["https://me:secret@example.com/", "give a URL without a user name and password"],
    ["hook", "give a whole URL, such as https://example.com/path"],
  ])("may not be %s", async (url, message) => {
    const running = await start({ surroundings: {} });
    expect(await run(running, url)).toEqual(refused(message));
    expect(running.comfy.submissions).toEqual([]);
  });

  it("is refused by an endpoint without a secret", async () => {
    const running = await start({ env: {} });
    const message =
      "this endpoint has no secret to sign webhooks with; deploy it again, or set COMFY_ENDPOINTS_WEBHOOK_SECRET";
    expect(await run(running, receiver.url)).toEqual(refused(message));
    const id = await running.run({ prompt: "x" });
    const response = await running.request(`/jobs/${id}/redeliver`, { method: "POST" });
    expect([response.status, await response.json()]).toEqual([409, { error: "no_delivery", detail: message }]);
  });

  it("whose name leads to a private address is not called, and the receiver's own answer does not matter", async () => {
    const reach = {
      ...publicInternet,
      resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
    };
    const running = await start({ comfy: drawPictures, surroundings: { reach } });
    const { body } = await run(running, "https://rebound.example.com/hook");
    const id = String(body["job_id"]);
    await until("it was tried", async () => (await deliveries(running, id))[0]?.attempts === 1, 5);
    expect(await deliveries(running, id)).toMatchObject([
      { state: "pending", error: "give a URL whose host has a public address" },
    ]);
    expect(receiver.received).toEqual([]);
  });
});
