import { afterEach, describe, expect, it } from "vitest";
import { previewEvent, stateEvent } from "../../../../contract/job-events.ts";
import { drawPictures, startGateway, type TestGateway, type TestGatewayOptions } from "../../../support/gateway.ts";
import { dataOf, type OpenStream, openStream } from "../../../support/job-events.ts";
import { until } from "../../../support/until.ts";

let gateway: TestGateway;
let streams: OpenStream[];
const start = async (options: TestGatewayOptions = {}): Promise<void> => {
  streams = [];
  gateway = await startGateway(options);
};
const limited = (eventStreams: number): TestGatewayOptions => ({
  settings: (settings) => ({ ...settings, limits: { ...settings.limits, eventStreams } }),
});
afterEach(async () => {
  for (const stream of streams) await stream.close();
  await gateway.stop();
});

const open = async (jobId: string, init?: RequestInit): Promise<OpenStream> => {
  const stream = await openStream(gateway, jobId, init);
  streams.push(stream);
  return stream;
};
/** A run that ComfyUI is at. */
const running = async (): Promise<{ id: string; promptId: string }> => {
  const id = await gateway.run({ prompt: "x" });
  await until("it is submitted", () => gateway.comfy.active.size === 1);
  return { id, promptId: gateway.comfy.submissions.at(-1)?.id ?? "" };
};
const finish = (): void => {
  drawPictures(gateway.comfy);
  const submission = gateway.comfy.submissions.at(-1);
  if (submission !== undefined) gateway.comfy.onPrompt?.(submission);
};
const statesOf = (stream: OpenStream): string[] =>
  stream.events.filter(({ type }) => type === "state").map((event) => stateEvent.parse(dataOf(event)).state);
const seen = (id: string): RequestInit => ({ headers: { "last-event-id": id } });

describe("a job's event stream", () => {
  it("tells every state as it comes, the last with the whole job, and ends", async () => {
    await start();
    const { id } = await running();
    const stream = await open(id);
    await stream.came("state", 2);
    finish();
    await stream.ended;
    expect(statesOf(stream)).toEqual(["queued", "running", "completed"]);
    const [first, , last] = stream.events;
    expect(stateEvent.parse(dataOf(last))).toMatchObject({
      job_id: id,
      state: "completed",
      job: await gateway.job(id),
    });
    expect(dataOf(first)).toEqual({ job_id: id, state: "queued", at: (await gateway.job(id)).created_at });
    const ids = stream.events.map((event) => Number(event.id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(3);
    const { headers } = stream.response;
    expect(headers.get("content-type")).toBe("text/event-stream");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("cache-control")).toBe("no-store, no-transform");
  });

  it("goes on from the last event that was seen, by header and by query", async () => {
    await start({ comfy: drawPictures });
    const id = await gateway.run({ prompt: "x" });
    const all = await (await open(id)).ended;
    const second = all[1]?.id ?? "";
    const rest = await (await open(id, seen(second))).ended;
    expect(rest).toEqual(all.slice(2));
    const query = await gateway.request(`/jobs/${id}/events?last_event_id=${second}`);
    expect(await query.text()).toContain(`id: ${all[2]?.id ?? ""}\nevent: state\n`);
    // A browser sends the header by itself, also for an address with the query of the first time.
    const both = await gateway.request(`/jobs/${id}/events?last_event_id=0`, seen(all[2]?.id ?? ""));
    expect(both.status).toBe(204);
  });

  it("answers 204 when everything was seen, which ends a browser's trying", async () => {
    await start({ comfy: drawPictures });
    const id = await gateway.run({ prompt: "x" });
    const last = (await (await open(id)).ended).at(-1);
    const response = await gateway.request(`/jobs/${id}/events`, seen(last?.id ?? ""));
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });

  it("goes on over a restart of the gateway", async () => {
    await start();
    const { id } = await running();
    const stream = await open(id);
    await stream.came("state", 2);
    await gateway.restart();
    await stream.ended;
    expect(statesOf(stream)).toEqual(["queued", "running"]);
    const next = await open(id, seen(stream.events.at(-1)?.id ?? ""));
    await next.came("state", 2);
    await until("it is submitted again", () => gateway.comfy.submissions.length === 2);
    finish();
    await next.ended;
    expect(statesOf(next)).toEqual(["queued", "running", "completed"]);
  });

  it("tells the end of a job that fails, and of one that is canceled while it waits", async () => {
    await start();
    const { id, promptId } = await running();
    const waiting = await gateway.run({ prompt: "y" });
    const streams = [await open(id), await open(waiting)];
    await gateway.request(`/jobs/${waiting}/cancel`, { method: "POST" });
    gateway.comfy.fail(promptId, { node_id: "2", node_type: "PromptCard", exception_message: "no" });
    await Promise.all(streams.map(({ ended }) => ended));
    expect(streams.map(statesOf)).toEqual([
      ["queued", "running", "failed"],
      ["queued", "canceled"],
    ]);
    expect(dataOf(streams[0]?.events.at(-1))).toMatchObject({
      job: { error: "PROMPT_FAILED:node 2 (PromptCard): no" },
    });
  });

  it("tells progress, which is there for whoever comes later, and gone when the job has ended", async () => {
    await start();
    const { id, promptId } = await running();
    const stream = await open(id);
    gateway.comfy.emit(promptId, "execution_cached", { nodes: ["1"] });
    gateway.comfy.emit(promptId, "progress", { node: "2", value: 1, max: 4 });
    await stream.came("progress");
    const progress = { value: 0.125, node: "2", node_class: "PromptCard", node_value: 1, node_max: 4 };
    expect(dataOf(stream.events.at(-1))).toEqual(progress);
    expect((await gateway.job(id)).progress).toEqual(progress);
    const late = await open(id);
    await late.came("progress");
    expect(late.events).toEqual(stream.events);
    const pruned = late.events.at(-1)?.id ?? "";
    finish();
    await stream.ended;
    const after = await (await open(id)).ended;
    expect(after.map(({ type }) => type)).toEqual(["state", "state", "state"]);
    expect((await gateway.job(id)).progress).toBeNull();
    expect(await (await open(id, seen(pruned))).ended).toEqual(after.slice(2));
  });

  it("shows previews as they come, with the node they are of; they have no id", async () => {
    await start();
    const { id, promptId } = await running();
    const stream = await open(id);
    await stream.came("state", 2);
    const metadata = JSON.stringify({ node_id: "2", prompt_id: promptId, image_type: "image/jpeg" });
    const head = Buffer.alloc(8);
    head.writeUInt32BE(4, 0);
    head.writeUInt32BE(metadata.length, 4);
    gateway.comfy.emitBinary(promptId, Buffer.concat([head, Buffer.from(metadata), Buffer.from("jpeg")]));
    await stream.came("preview");
    const preview = stream.events.at(-1);
    expect(previewEvent.parse(dataOf(preview))).toEqual({ node: "2", media_type: "image/jpeg", data: "anBlZw==" });
    // What is not kept cannot be asked for again: the latest id is still that of the state before.
    expect(preview?.id).toBe(stream.events.at(-2)?.id);
    const late = await open(id);
    await late.came("state", 2);
    expect(late.events.map(({ type }) => type)).toEqual(["state", "state"]);
  });

  it("asks ComfyUI for previews that tell their node", async () => {
    await start();
    await until("it has said something", () => gateway.comfy.messages.length > 0);
    expect(gateway.comfy.messages.map((message) => JSON.parse(message) as unknown)).toEqual([
      { type: "feature_flags", data: { supports_preview_metadata: true } },
    ]);
  });

  it("is refused beyond as many as may be open, and again possible when one was closed", async () => {
    await start(limited(1));
    const { id } = await running();
    const stream = await open(id);
    const refused = await gateway.request(`/jobs/${id}/events`);
    const detail = "1 event streams are open, which is as many as there may be; close some or come back";
    expect([refused.status, await refused.json()]).toEqual([429, { error: "too_many_streams", detail }]);
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(refused.headers.get("content-type")).toBe("application/json; charset=utf-8");
    await stream.close();
    await until("there is room", async () => {
      const response = await gateway.request(`/jobs/${id}/events`);
      await response.body?.cancel();
      return response.status === 200;
    });
  });

  it("is not opened by a look at its head", async () => {
    await start(limited(0));
    const { id } = await running();
    const response = await gateway.request(`/jobs/${id}/events`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  });

  it.each([
    ["?last_event_id=x", {}, "last_event_id", 'is "x"; give the id of an event'],
    ["?since=1", {}, "since", "is not a known field; check its spelling"],
    ["", seen("x"), "Last-Event-ID", 'is "x"; give the id of an event, or leave it out'],
  ])("with %j and %j is refused", async (query, init, path, message) => {
    await start();
    const { id } = await running();
    const response = await gateway.request(`/jobs/${id}/events${query}`, init);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "VALIDATION_ERROR", problems: [{ path, message }] });
  });

  it("of an unknown job is not there", async () => {
    await start();
    const response = await gateway.request("/jobs/nothing/events");
    expect([response.status, await response.json()]).toEqual([404, { error: "job_not_found" }]);
  });
});
