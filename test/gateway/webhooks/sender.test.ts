import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Database, openDatabase } from "../../../gateway/db.ts";
import { createSqliteJobStore } from "../../../gateway/jobs/sqlite-store.ts";
import { createJobView } from "../../../gateway/jobs/view.ts";
import { createLog } from "../../../gateway/log.ts";
import { webhookSecrets } from "../../../gateway/settings/webhook-secret.ts";
import { mostAttempts } from "../../../gateway/webhooks/attempts.ts";
import { createOutbox, type Outbox } from "../../../gateway/webhooks/outbox.ts";
import { createSender, type Sender, type SenderOptions } from "../../../gateway/webhooks/sender.ts";
import { until } from "../../support/until.ts";
import { startWebhookReceiver, type WebhookReceiver, webhookSecret } from "../../support/webhook-receiver.ts";

const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-webhooks-"));
let database: Database;
let outbox: Outbox;
let receiver: WebhookReceiver;
let sender: Sender | undefined;
/** Milliseconds: the sender's clock. */
let now: number;
let log: string[];
let jobCount = 0;

beforeEach(async () => {
  database = openDatabase(join(folder, `${++jobCount}.db`));
  outbox = createOutbox(database);
  receiver = await startWebhookReceiver();
  now = Date.now();
  // The receiver's clock, too: it takes no signature of another hour.
  vi.spyOn(Date, "now").mockImplementation(() => now);
  log = [];
});
afterEach(async () => {
  await sender?.stop();
  vi.restoreAllMocks();
  database.close();
  await receiver.close();
  rmSync(join(folder, `${jobCount}.db`), { force: true });
});

const post: SenderOptions["post"] = async (url, init) => {
  const response = await fetch(url, { ...init, method: "POST", redirect: "manual" });
  await response.body?.cancel();
  return { status: response.status };
};

function start(timing: SenderOptions["timing"] = {}): Sender {
  const jobs = createSqliteJobStore(database, 10, () => undefined);
  const view = createJobView({ jobs, progressOf: () => null, costPerHour: () => undefined });
  sender = createSender({
    outbox,
    job: (id) => view.byId(id),
    secrets: webhookSecrets(webhookSecret),
    post,
    log: createLog((line) => log.push(line)),
    timing: { now: () => now, random: () => 0.5, ...timing },
  });
  sender.start();
  return sender;
}

/** A job that ends with a webhook to tell. */
const endJob = (id: string, state = "completed", url = receiver.url) =>
  database.commit(() => {
    database
      .prepare(
        "INSERT INTO jobs (job_id, state, inputs, webhook_url, prompt_id, created_at) VALUES (?, 'running', '{}', ?, 'p', '2026-01-01T00:00:00.000Z')",
      )
      .run(id, url);
    database
      .prepare("UPDATE jobs SET state = ?, error = ? WHERE job_id = ?")
      .run(state, state === "failed" ? "X:y" : null, id);
  });
const delivery = async (id: string) => (await outbox.ofJob(id))[0];
const inState = (id: string, state: string) =>
  until(`delivery of ${id} is ${state}`, async () => (await delivery(id))?.state === state, 5);
const attempted = (id: string, attempts: number) =>
  until(`${attempts} attempts of ${id}`, async () => (await delivery(id))?.attempts === attempts, 5);

describe("the sender of webhooks", () => {
  it.each(["completed", "failed", "canceled"])("tells that a job is %s, signed", async (state) => {
    await endJob("j1", state);
    start();
    await inState("j1", "delivered");
    const record = await delivery("j1");
    expect(receiver.received).toMatchObject([
      {
        id: record?.id,
        path: "/hook",
        headers: { "content-type": "application/json" },
        event: { type: `job.${state}`, timestamp: record?.createdAt, data: { job_id: "j1", state } },
      },
    ]);
    expect(record).toMatchObject({ attempts: 1, error: null });
  });

  it("sends what comes later as soon as it is woken", async () => {
    const running = start();
    await endJob("j1");
    running.wake();
    await inState("j1", "delivered");
  });

  it("tries again at the appointed time, and not before, under the same id and with a signature of its own time", async () => {
    receiver.answers = [500, "drop"];
    await endJob("j1");
    const running = start();
    await attempted("j1", 1);
    expect(await delivery("j1")).toMatchObject({
      state: "pending",
      nextAt: now + 5000,
      error: "the receiver answered 500",
    });

    now += 4999;
    running.wake();
    expect(await outbox.due(now, 10, new Set())).toEqual([]);
    now += 1;
    running.wake();
    await attempted("j1", 2);
    expect((await delivery("j1"))?.error).toMatch(/other side closed|ECONNRESET/);

    now += 30_000;
    running.wake();
    await inState("j1", "delivered");
    const ids = receiver.received.map(({ id }) => id);
    expect(ids).toEqual([ids[0], ids[0], ids[0]]);
    const times = receiver.received.map(({ headers }) => Number(headers["webhook-timestamp"]));
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 5, 35]);
  });

  it("follows no redirect", async () => {
    receiver.answers = [307];
    await endJob("j1");
    start();
    await attempted("j1", 1);
    expect(await delivery("j1")).toMatchObject({ state: "pending", error: "the receiver answered 307" });
    expect(receiver.received).toHaveLength(1);
  });

  it("gives up when the receiver is gone for good, and when all attempts are used up", async () => {
    receiver.answers = [410];
    await endJob("gone");
    const running = start();
    await inState("gone", "failed");
    expect(await delivery("gone")).toMatchObject({ attempts: 1, error: "the receiver answered 410" });

    receiver.answers = Array.from({ length: mostAttempts }, () => 503);
    await endJob("down");
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      now += 36_000_000;
      running.wake();
      await attempted("down", attempt);
    }
    expect(await delivery("down")).toMatchObject({
      state: "failed",
      error: "the receiver answered 503; given up after 12 attempts",
    });
  });

  it("waits for a receiver that says nothing only so long", async () => {
    receiver.answers = ["silent"];
    await endJob("j1");
    start({ answerMs: 50 });
    await attempted("j1", 1);
    expect(await delivery("j1")).toMatchObject({ state: "pending", error: "no answer within 0.05 s" });
  });

  it("sends eight at once, and no delivery twice meanwhile", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    receiver.hold = promise;
    await Promise.all(Array.from({ length: 20 }, (_, at) => endJob(`j${at}`)));
    const running = start();
    await until("eight are under way", () => receiver.received.length === 8, 5);
    running.wake();
    await endJob("late");
    running.wake();
    expect(receiver.received).toHaveLength(8);
    resolve(undefined);
    for (let at = 0; at < 20; at++) await inState(`j${at}`, "delivered");
    await inState("late", "delivered");
    expect(receiver.atOnce).toBe(8);
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(21);
    expect(receiver.received).toHaveLength(21);
  });

  it("breaks off when it is stopped, and the next one sends it again: no attempt is counted", async () => {
    receiver.hold = new Promise(() => undefined);
    await endJob("j1");
    const first = start();
    await until("it is under way", () => receiver.received.length === 1, 5);
    await first.stop();
    expect(await delivery("j1")).toMatchObject({ state: "pending", attempts: 0, error: null });
    receiver.hold = Promise.resolve();
    start();
    await inState("j1", "delivered");
    expect(receiver.received.map(({ id }) => id)).toEqual([receiver.received[0]?.id, receiver.received[0]?.id]);
  });

  it("gives up what it cannot tell any more", async () => {
    await endJob("j1");
    await database.commit(() => database.prepare("DELETE FROM jobs").run());
    start();
    await inState("j1", "failed");
    expect(await delivery("j1")).toMatchObject({ error: "the job is no longer known" });
    expect(receiver.received).toEqual([]);
  });

  it("writes neither address nor body to the log", async () => {
    receiver.answers = [500];
    await endJob("j1", "completed", `${receiver.url}?token=tell-nobody`);
    start();
    await attempted("j1", 1);
    await until("it is logged", () => log.length > 0, 5);
    expect(log.join("")).not.toMatch(/tell-nobody|127\.0\.0\.1/);
    expect(JSON.parse(log[0] ?? "")).toMatchObject({
      msg: "webhook not delivered",
      job_id: "j1",
      attempt: 1,
      again: true,
    });
  });
});
