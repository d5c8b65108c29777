import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FileObject, Job } from "../../../contract/api.ts";
import { type CendWithEndpoints, cendWithEndpoints } from "../../support/cend-endpoints.ts";
import { apiKey, drawPictures, png, startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
let run: CendWithEndpoints;
beforeAll(async () => {
  gateway = await startGateway();
  run = cendWithEndpoints({ cards: gateway.url }, apiKey);
});
afterAll(async () => {
  run.remove();
  await gateway.stop();
});

const json = async <T>(ended: Promise<{ code: unknown; stdout: string; stderr: string }>): Promise<T> => {
  const { code, stdout, stderr } = await ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as T;
};

describe("cend before a gateway", () => {
  it("uploads a file, finds it in the list, and downloads the same bytes", async () => {
    writeFileSync(join(run.folder, "höhle.png"), png);
    const file = await json<FileObject>(run.cend("files", "upload", "--in", "höhle.png"));
    expect(file).toMatchObject({ media_type: "image/png", original_name: "höhle.png", app_id: "cards" });
    expect(await json(run.cend("files", "list", "--source", "uploaded"))).toEqual({ items: [file], next_cursor: null });
    expect(await json(run.cend("files", "get", file.file_id))).toEqual(file);
    await json(run.cend("files", "download", file.file_id, "--out", "copy.png"));
    expect(readFileSync(join(run.folder, "copy.png")).equals(png)).toBe(true);
  });

  it("follows a job by its events to the end, and lists it", async () => {
    const accepted = await json<{ response: { job_id: string } }>(run.cend("cards", "--input-prompt", "fog"));
    const id = accepted.response.job_id;
    await until("the job runs", () => gateway.comfy.active.size === 1);
    const { child, ended } = run.start("jobs", "follow", "cards", id);
    let news = "";
    child.stderr.on("data", (data: Buffer) => (news += data.toString()));
    await until("it tells that the job runs", () => news.includes("running"));
    drawPictures(gateway.comfy);
    const [submission] = gateway.comfy.submissions;
    if (submission !== undefined) gateway.comfy.onPrompt?.(submission);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr.split("\n")).toEqual(["queued", "running", "completed", ""]);
    expect(JSON.parse(stdout)).toEqual(await gateway.job(id));

    const { items } = await json<{ items: Job[] }>(run.cend("jobs", "list", "cards", "--state", "completed"));
    expect(items.map(({ job_id }) => job_id)).toEqual([id]);
    expect(await json(run.cend("jobs", "get", "cards", id))).toEqual(await gateway.job(id));
    expect(await json(run.cend("jobs", "cancel", "cards", id))).toMatchObject({ already_terminal: true });
  });

  it("is told what is not there", async () => {
    expect((await run.cend("jobs", "follow", "cards", "job9")).code).toBe(3);
    expect((await run.cend("files", "get", `fid_${"0".repeat(32)}`)).code).toBe(3);
  });
});
