import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../support/until.ts";
import { picture, type StandIn, slowPicture, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
let running: string;
let sleeping: ReturnType<typeof slowPicture>;
let color = 0;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterEach(async () => {
  await comfy.post("/queue", { clear: true });
  await comfy.post("/interrupt");
  await until("nothing is left", async () => (await remaining()) === 0);
});
afterAll(() => comfy.close());

const remaining = async (): Promise<number> =>
  ((await comfy.get("/prompt"))[1] as { exec_info: { queue_remaining: number } }).exec_info.queue_remaining;
const queuedIds = async () => {
  const [, queue] = await comfy.get("/queue");
  const { queue_running, queue_pending } = queue as Record<string, [number, string][]>;
  return { running: queue_running?.map(([, id]) => id), pending: queue_pending?.map(([, id]) => id) };
};
/** A prompt that runs, in its second node, and so many that wait. */
async function busy(waiting: number): Promise<string[]> {
  sleeping = slowPicture(30, ++color);
  running = await comfy.queue(sleeping, { client_id: "busy" });
  await until("it runs", async () => (await queuedIds()).running?.[0] === running);
  return Promise.all(Array.from({ length: waiting }, (_, at) => comfy.queue(picture(at))));
}

const nothing = [200, ""];
const noJob = [404, { error: "Job not found" }];

// All of it was observed on ComfyUI 0.33.
describe("/queue", () => {
  it("shows what runs and what waits, with graph, extra data and outputs; /prompt counts both", async () => {
    const [waiting] = await busy(1);
    const [status, queue] = await comfy.get("/queue");
    const create_time = expect.any(Number) as number;
    const number = expect.any(Number) as number;
    expect([status, queue]).toEqual([
      200,
      {
        queue_running: [[number, running, sleeping, { client_id: "busy", create_time }, ["3"]]],
        queue_pending: [[number, waiting, picture(0), { create_time }, ["2"]]],
      },
    ]);
    expect(await comfy.get("/prompt")).toEqual([200, { exec_info: { queue_remaining: 2 } }]);
  });

  it("deletes a waiting prompt, of which no trace is left, and leaves the running one alone", async () => {
    const [first = "", second] = await busy(2);
    for (const id of [first, first, running]) expect(await comfy.post("/queue", { delete: [id] })).toEqual(nothing);
    expect(await queuedIds()).toEqual({ running: [running], pending: [second] });
    expect(await comfy.get(`/history/${first}`)).toEqual([200, {}]);
    expect(await comfy.get(`/api/jobs/${first}`)).toEqual(noJob);
  });

  it("clears all that waits", async () => {
    await busy(3);
    expect(await comfy.post("/queue", { clear: true })).toEqual(nothing);
    expect(await queuedIds()).toEqual({ running: [running], pending: [] });
  });
});

describe("/interrupt", () => {
  it("ends the running prompt as an error that only a message tells from others", async () => {
    await busy(0);
    expect(await comfy.get(`/history/${running}`)).toEqual([200, {}]);
    expect(await comfy.post("/interrupt", { prompt_id: running })).toEqual(nothing);
    const entry = await comfy.ended(running);
    expect([entry.outputs, entry.status.status_str, entry.status.completed]).toEqual([{}, "error", false]);
    expect(entry.status.messages.map(([event]) => event)).toEqual([
      "execution_start",
      "execution_cached",
      "execution_interrupted",
    ]);
    expect(await comfy.get(`/api/jobs/${running}`)).toMatchObject([200, { status: "cancelled", outputs_count: 0 }]);
  });

  it("takes no notice of an id that does not run", async () => {
    const [waiting = ""] = await busy(1);
    for (const prompt_id of [waiting, "nope", randomUUID()]) {
      expect(await comfy.post("/interrupt", { prompt_id })).toEqual(nothing);
    }
    expect(await queuedIds()).toEqual({ running: [running], pending: [waiting] });
  });

  it("hits whatever runs when it names nothing, and the next prompt runs", async () => {
    const [waiting = ""] = await busy(1);
    expect(await comfy.post("/interrupt", {})).toEqual(nothing);
    expect((await comfy.ended(running)).status.status_str).toBe("error");
    expect((await comfy.ended(waiting)).status.status_str).toBe("success");
  });

  it("does not hit the next prompt when nothing runs", async () => {
    expect(await comfy.post("/interrupt")).toEqual(nothing);
    expect((await comfy.run(slowPicture(0.01, 9))).status.status_str).toBe("success");
  });
});

describe("/api/jobs", () => {
  it("cancels what waits, which leaves no trace", async () => {
    const [waiting = ""] = await busy(1);
    expect(await comfy.post(`/api/jobs/${waiting}/cancel`)).toEqual([200, { cancelled: true }]);
    expect(await comfy.get(`/history/${waiting}`)).toEqual([200, {}]);
    expect(await comfy.get(`/api/jobs/${waiting}`)).toEqual(noJob);
    expect(await remaining()).toBe(1);
  });

  it("cancels what runs", async () => {
    await busy(0);
    expect(await comfy.post(`/api/jobs/${running}/cancel`)).toEqual([200, { cancelled: true }]);
    await comfy.ended(running);
    const moment = expect.any(Number) as number;
    const [status, job] = await comfy.get(`/api/jobs/${running}`);
    const { execution_status, ...others } = job as { execution_status: { messages: [string, object][] } };
    expect([status, others]).toEqual([
      200,
      {
        id: running,
        status: "cancelled",
        priority: moment,
        create_time: moment,
        execution_start_time: moment,
        execution_end_time: moment,
        outputs_count: 0,
        previewable_outputs_count: 0,
        outputs: {},
        workflow: { prompt: sleeping, extra_data: { client_id: "busy", create_time: moment } },
      },
    ]);
    expect(execution_status).toMatchObject({ status_str: "error", completed: false });
    expect(execution_status.messages.at(-1)).toEqual([
      "execution_interrupted",
      { prompt_id: running, node_id: "2", node_type: "LocalSleep", executed: ["1"], timestamp: moment },
    ]);
  });

  it("has nothing to cancel in a prompt that ended, or never was", async () => {
    const id = await comfy.queue(picture(20));
    await comfy.ended(id);
    for (const one of [id, randomUUID()]) {
      expect(await comfy.post(`/api/jobs/${one}/cancel`)).toEqual([200, { cancelled: false }]);
    }
    expect(await comfy.post("/api/jobs/cancel", { job_ids: [id] })).toEqual([200, { cancelled: false }]);
  });

  it("cancels several at once, when all are ids", async () => {
    const ids = await busy(2);
    expect(await comfy.post("/api/jobs/cancel", { job_ids: ["x"] })).toEqual([
      400,
      { error: "job_ids contains invalid id(s)", invalid_ids: ["x"] },
    ]);
    expect(await comfy.post("/api/jobs/cancel", { job_ids: [...ids, running] })).toEqual([200, { cancelled: true }]);
    await comfy.ended(running);
    expect(await remaining()).toBe(0);
  });
});
