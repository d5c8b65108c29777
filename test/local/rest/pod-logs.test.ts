import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { podApiKey } from "../../../local/host/container-env.ts";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { until } from "../../support/until.ts";
import { answering, podImage } from "../pod-program.ts";
import { mutate, rent } from "../renting.ts";

let runpod: StartedRunPod;
const reading = new Set<AbortController>();
beforeEach(async () => {
  runpod = await startLocalRunPod({ container: podImage() });
});
afterEach(async () => {
  for (const one of reading) one.abort();
  reading.clear();
  await runpod.close();
});

const key = { authorization: "Bearer local-key" };
const ask = async (podId: string, query = "", headers: Record<string, string> = key): Promise<Response> => {
  const abort = new AbortController();
  reading.add(abort);
  return fetch(`${runpod.url}/v2/pods/${podId}/logs${query}`, { headers, signal: abort.signal });
};

interface LogEvent {
  id: string;
  data: { ts: string; source: string; line: string };
}

/** Everything the stream sends until it has been silent for a while. */
async function events(podId: string, query = "", headers: Record<string, string> = {}): Promise<LogEvent[]> {
  const response = await ask(podId, query, { ...key, ...headers });
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value } = await Promise.race([reader.read(), sleep(250, { value: undefined })]);
    if (value === undefined) break;
    text += value;
  }
  return text
    .split("\n\n")
    .slice(0, -1)
    .map((event) => {
      const [, id = "", data = ""] = /^id: (.*)\ndata: (.*)$/.exec(event) ?? [];
      return { id, data: JSON.parse(data) as LogEvent["data"] };
    });
}
const linesOf = (found: readonly LogEvent[]) => found.map(({ data }) => [data.source, data.line]);

/** A pod whose program has run twice: it logs when it listens, and the host logs when it ends. */
async function startedTwice(): Promise<string> {
  const id = await rent(runpod);
  await answering(runpod, id);
  await fetch(`${runpod.podUrl(id, 8080)}/exit`).catch(() => undefined);
  await until("it listens again", async () => (await runpod.host.logTail(id)).endsWith("3\nlistening\n"));
  return id;
}
const all = [
  ["container", "listening"],
  ["system", "container exited with 3"],
  ["container", "listening"],
];

const problem = async (response: Response) => [response.headers.get("content-type"), (await response.json()) as object];
const refusal = (title: string, status: number, detail: string, errors?: string[]) => [
  "application/problem+json",
  { title, status, detail, ...(errors && { errors }) },
];

describe("GET /v2/pods/{id}/logs", () => {
  it("streams what the container and the host say, as events that nobody may keep (documented)", async () => {
    const id = await startedTwice();
    const response = await ask(id);
    expect(response.status).toBe(200);
    expect(
      ["content-type", "cache-control", "connection", "x-accel-buffering"].map((name) => response.headers.get(name)),
    ).toEqual(["text/event-stream", "no-cache", "keep-alive", "no"]);
    const found = await events(id);
    expect(linesOf(found)).toEqual(all);
    const [first] = found;
    expect(new Date(first?.data.ts ?? "").toISOString()).toBe(first?.data.ts);
    expect(first?.id).toBe(`${first?.data.ts}/000000000001`);
  });

  it("leaves out the other source (documented)", async () => {
    const id = await startedTwice();
    expect(linesOf(await events(id, "?source=system"))).toEqual([all[1]]);
    expect(linesOf(await events(id, "?source=container&tail=1"))).toEqual([all[2]]);
  });

  it("begins with so many lines of the past, or with none (documented)", async () => {
    const id = await startedTwice();
    expect(linesOf(await events(id, "?tail=2"))).toEqual(all.slice(1));
    expect(linesOf(await events(id, "?tail=0"))).toEqual([]);
  });

  it("begins after a cursor, whatever the tail: Last-Event-ID before since (documented)", async () => {
    const id = await startedTwice();
    const [, second, third] = await events(id);
    const time = (event: LogEvent | undefined) => `since=${event?.data.ts ?? ""}`;
    expect(linesOf(await events(id, `?tail=0&${time(second)}`))).toEqual(all.slice(1));
    expect(linesOf(await events(id, `?tail=0&${time(third)}`, { "last-event-id": second?.id ?? "" }))).toEqual([
      all[2],
    ]);
    // A time alone is an assumption: all of that moment was seen.
    expect(linesOf(await events(id, "", { "last-event-id": third?.data.ts ?? "" }))).toEqual([]);
  });

  it("goes on with what is logged later, and ends with its pod (the end is an assumption)", async () => {
    const id = await rent(runpod);
    const response = await ask(id, "?tail=0");
    const text = response.text();
    await until("it listens", async () => (await runpod.host.logTail(id)) === "listening\n");
    await sleep(300);
    await mutate(runpod, "podTerminate", { podId: id }, "");
    expect(await text).toMatch(/^id: \S+\ndata: \{"ts":"\S+","source":"container","line":"listening"\}\n\n/);
  });

  it("still tells of a pod that is stopped, and why its image was not to be had (both assumptions)", async () => {
    const id = await startedTwice();
    await mutate(runpod, "podStop", { podId: id });
    expect(linesOf(await events(id)).slice(0, 3)).toEqual(all);
    const missing = await rent(runpod, { imageName: "example/does-not-exist:1" });
    await until("it gave up", () => runpod.account.pod(missing)?.desiredStatus === "EXITED");
    expect(linesOf(await events(missing))).toEqual([
      ["system", "image example/does-not-exist:1 cannot be pulled: not found"],
    ]);
  });

  it("keeps a line as it is, however it looks", async () => {
    const lines = ["", " two  spaces ", 'data: {"a": "ü"}', "2026-01-01T00:00:00Z system fake"];
    await runpod.close();
    const print = `console.log(${JSON.stringify(lines.join("\n"))}); setInterval(() => undefined, 1000)`;
    runpod = await startLocalRunPod({ container: { ...podImage(), args: ["--eval", print] } });
    const id = await rent(runpod);
    await until("it has printed", async () => (await runpod.host.logTail(id)).endsWith("fake\n"));
    expect(linesOf(await events(id))).toEqual(lines.map((line) => ["container", line]));
  });
});

describe("logs are refused", () => {
  it("of an unknown pod: 404 (documented)", async () => {
    expect(await problem(await ask("nope"))).toEqual(refusal("Not Found", 404, "pod not found"));
    expect(runpod.operations.all()).toMatchObject([
      { name: "getPodLogs", podId: "nope", outcome: "refused", detail: "pod not found" },
    ]);
  });

  it("to who has no key: 401 (documented; the words about a wrong one are ours)", async () => {
    const id = await rent(runpod);
    expect(await problem(await ask(id, "", {}))).toEqual(refusal("Unauthorized", 401, "missing bearer token"));
    expect(await problem(await ask(id, "?api_key=local-key", {}))).toEqual(
      refusal("Unauthorized", 401, "missing bearer token"),
    );
    expect(await problem(await ask(id, "", { authorization: "Bearer wrong" }))).toEqual(
      refusal("Unauthorized", 401, "invalid bearer token"),
    );
    expect((await ask(id, "", { authorization: `Bearer ${podApiKey(id)}` })).status).toBe(200);
  });

  it("to a program that does not name itself: 403 (observed for some, assumption for none)", async () => {
    const status = await new Promise((resolve, reject) => {
      httpRequest(`${runpod.url}/v2/pods/x/logs`, { headers: key }, (response) => resolve(response.statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(403);
  });

  // The limits are documented; the status and the words are an assumption.
  it.each<[string, Record<string, string>, string]>([
    ["?tail=5001", {}, "tail: Too big: expected number to be <=5000"],
    ["?tail=-1", {}, "tail: Invalid input: expected an integer"],
    ["?tail=1&tail=2", {}, "tail: Invalid input: expected string, received array"],
    ["?source=gpu", {}, 'source: Invalid option: expected one of "container"|"system"'],
    ["?since=yesterday", {}, "since: Invalid ISO datetime"],
    ["", { "last-event-id": "7" }, "Last-Event-ID: Invalid input"],
  ])("when a parameter does not fit: %s %j", async (query, headers, error) => {
    const id = await rent(runpod);
    expect(await problem(await ask(id, query, { ...key, ...headers }))).toEqual(
      refusal("Unprocessable Entity", 422, "Request validation failed.", [error]),
    );
  });

  it("where there is nothing else: 404 (assumption)", async () => {
    expect(await problem(await fetch(`${runpod.url}/v2/pods`, { headers: key }))).toEqual(
      refusal("Not Found", 404, "resource not found"),
    );
  });

  it("by a fault", async () => {
    const id = await rent(runpod);
    const add = (kind: Parameters<typeof runpod.faults.add>[0]["kind"]) =>
      runpod.faults.add({ operation: "getPodLogs", kind, podId: id });
    add("http429");
    expect((await ask(id)).status).toBe(429);
    add("graphql-error");
    expect(await problem(await ask(id))).toEqual(
      refusal("Internal Server Error", 500, "Something went wrong. Please try again later or contact support."),
    );
    add("reset-after");
    await expect(ask(id)).rejects.toThrow("fetch failed");
    add("timeout");
    expect(await Promise.race([ask(id).catch(() => "aborted"), sleep(200, "silence")])).toBe("silence");
    add("list-lag");
    expect((await ask(id)).status).toBe(200);
    expect(runpod.operations.all().map(({ outcome, detail }) => [outcome, detail])).toEqual([
      ["ok", undefined],
      ["fault", "http429"],
      ["fault", "graphql-error"],
      ["fault", "reset-after"],
      ["fault", "timeout"],
      ["fault", "list-lag"],
    ]);
  });
});
