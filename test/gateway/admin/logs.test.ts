import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLog, inQuietMoments } from "../../../gateway/log.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

describe("GET /logs", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  const messages = async (path: string) => {
    const response = await gateway.request(path);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    const text = await response.text();
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
  };

  it("gives the gateway's lines as they were written", async () => {
    const id = await gateway.run({ prompt: "x" });
    await gateway.jobIn("running", id);
    const all = await messages("/logs");
    expect(all.at(0)).toBe(gateway.log[0]?.["msg"]);
    expect(all).toEqual(gateway.log.map(({ msg }) => msg));
    expect(all).toContain("job runs");
  });

  it("gives the latest ones when told how many", async () => {
    const all = await messages("/logs");
    expect(await messages("/logs?tail=2")).toEqual(all.slice(-2));
    expect(await messages("/logs?tail=0")).toEqual([]);
  });

  it.each(["-1", "all", "1.5", ""])("gives no %j lines", async (tail) => {
    const response = await gateway.request(`/logs?tail=${tail}`);
    expect([response.status, await response.json()]).toMatchObject([400, { error: "VALIDATION_ERROR" }]);
  });
});

describe("a line that is written in a quiet moment", () => {
  it("comes after the work that it tells of, together with the others", async () => {
    const written: string[] = [];
    const { write } = inQuietMoments((text) => written.push(text));
    write("one\n");
    await Promise.resolve().then(() => written.push("work"));
    write("two\n");
    await until("they are written", () => written.length > 1);
    write("three\n");
    await until("the next is written", () => written.length > 2);
    expect(written).toEqual(["work", "one\ntwo\n", "three\n"]);
  });

  it("comes at once when there will be none, and only then", async () => {
    const written: string[] = [];
    const { write, flush } = inQuietMoments((text) => written.push(text));
    flush();
    write("last\n");
    flush();
    expect(written).toEqual(["last\n"]);
    await new Promise(setImmediate);
    expect(written).toEqual(["last\n"]);
  });
});

describe("a log", () => {
  it("tells when, how grave, what of, and shows no key that comes into a field by mistake", () => {
    const written: string[] = [];
    const key = "k-0123456789";
    const headers = { "x-api-key": key, accept: "*/*" };
    createLog((line) => written.push(line)).warn("odd", { job_id: "j1", apiKey: key, token: key, headers });
    expect(written.join("")).not.toContain(key);
    expect(JSON.parse(written.join(""))).toMatchObject({
      ...{ level: "warn", msg: "odd", job_id: "j1" },
      time: expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:.]+Z$/) as string,
      headers: { accept: "*/*" },
    });
  });
});

describe("a log's memory", () => {
  it("is bounded, in lines and in the length of each", () => {
    const written: string[] = [];
    const log = createLog((line) => written.push(line));
    for (let at = 0; at < 10_000; at++) log.info(`line ${at}`);
    expect(log.tail(99_999)).toEqual(written.slice(-2000));
    log.warn("long", { text: "x".repeat(100_000) });
    const [line = ""] = log.tail(1);
    expect(line.length).toBeLessThan(5000);
    expect(JSON.parse(line)).toMatchObject({
      level: "warn",
      msg: "long",
      cut: expect.stringContaining("xxx") as string,
    });
  });
});
