import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobSummary } from "../../../contract/api.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
/** Oldest first: completed, failed, canceled, running, queued. */
let ids: string[];
let times: string[];
beforeAll(async () => {
  gateway = await startGateway();
  const images = [{ filename: "p.png", subfolder: "", type: "output" }];
  gateway.comfy.files.set("/p.png", { bytes: Buffer.from("png"), contentType: "image/png" });
  gateway.comfy.onPrompt = ({ id }) => gateway.comfy.finish(id, { "3": { images } });
  const completed = await gateway.run({ prompt: "1" });
  await gateway.jobIn("completed", completed);
  gateway.comfy.onPrompt = ({ id }) => gateway.comfy.finish(id, {});
  const failed = await gateway.run({ prompt: "2" });
  await gateway.jobIn("failed", failed);
  gateway.comfy.onPrompt = undefined;
  const canceled = await gateway.run({ prompt: "3" });
  await until("it is submitted", () => gateway.comfy.active.size === 1);
  await gateway.request(`/jobs/${canceled}/cancel`, { method: "POST" });
  await gateway.jobIn("canceled", canceled);
  const running = await gateway.run({ prompt: "4" });
  await gateway.jobIn("running", running);
  ids = [completed, failed, canceled, running, await gateway.run({ prompt: "5" })];
  times = await Promise.all(ids.map(async (id) => (await gateway.job(id)).created_at));
}, 30_000);
afterAll(() => gateway.stop());

const list = async (query: string): Promise<{ items: JobSummary[]; next_cursor: string | null }> => {
  const response = await gateway.request(`/jobs${query}`);
  if (response.status !== 200) throw new Error(`GET /jobs${query} answered ${await response.text()}`);
  return (await response.json()) as { items: JobSummary[]; next_cursor: string | null };
};
/** Places in `ids` of what a query lists. */
const places = async (query: string): Promise<number[]> =>
  (await list(query)).items.map(({ job_id: id }) => ids.indexOf(id));

describe("the list of jobs", () => {
  it("has all of them, newest first, each as it is shown by itself but for its output", async () => {
    const { items, next_cursor } = await list("");
    const { output, ...completed } = await gateway.job(ids[0] ?? "");
    expect(output).not.toBeNull();
    expect(items.map(({ job_id: id }) => id)).toEqual([...ids].reverse());
    expect(items.at(-1)).toEqual(completed);
    expect(items[0]).toMatchObject({ state: "queued", queue_position: 1 });
    expect(next_cursor).toBeNull();
  });

  it.each([
    ["?state=completed", [0]],
    ["?state=failed,canceled", [2, 1]],
    ["?state=queued,running,completed", [4, 3, 0]],
    ["?state=queued,queued", [4]],
  ])("%s has those alone", async (query, expected) => {
    expect(await places(query)).toEqual(expected);
  });

  it("has those of a span of time; its ends do not belong to it", async () => {
    const [, second = "", third = "", fourth = ""] = times;
    expect(await places(`?created_after=${second}`)).toEqual([4, 3, 2]);
    expect(await places(`?created_before=${third}`)).toEqual([1, 0]);
    expect(await places(`?created_after=${second}&created_before=${fourth}`)).toEqual([2]);
    expect(await places(`?created_after=${second}&created_before=${fourth}&state=failed`)).toEqual([]);
    const elsewhere = encodeURIComponent(
      new Date(Date.parse(third) + 2 * 3_600_000).toISOString().replace("Z", "+02:00"),
    );
    expect(await places(`?created_before=${elsewhere}`)).toEqual([1, 0]);
  });

  it.each(["", "&state=completed,failed,canceled,running,queued"])(
    "comes in pages that miss nothing%s",
    async (filter) => {
      const seen: number[] = [];
      let cursor: string | null = "";
      for (let page = 0; cursor !== null && page < 9; page++) {
        const { items, next_cursor }: Awaited<ReturnType<typeof list>> = await list(
          `?limit=2${filter}${cursor === "" ? "" : `&cursor=${cursor}`}`,
        );
        seen.push(...items.map(({ job_id: id }) => ids.indexOf(id)));
        cursor = next_cursor;
      }
      expect(seen).toEqual([4, 3, 2, 1, 0]);
    },
  );

  it("ends with a page that is full when nothing follows it", async () => {
    expect((await list("?limit=5")).next_cursor).toBeNull();
    expect((await list("?limit=200")).items).toHaveLength(5);
  });

  it.each([
    ["?limit=0", "limit", 'is "0"; give a whole number from 1 to 200'],
    ["?limit=201", "limit", 'is "201"; give a whole number from 1 to 200'],
    ["?limit=x", "limit", 'is "x"; give a whole number from 1 to 200'],
    ["?cursor=abc", "cursor", 'is "abc"; give the next_cursor of the page before, as it is'],
    [
      "?state=done",
      "state",
      'is "done"; give states of queued, running, completed, failed, canceled, with commas between',
    ],
    ["?state=", "state", 'is ""; give states of queued, running, completed, failed, canceled, with commas between'],
    [
      "?created_after=yesterday",
      "created_after",
      'is "yesterday"; give a time such as 2026-01-31T12:00:00Z (write + as %2B)',
    ],
    ["?offset=5", "offset", "is not a known field; check its spelling"],
  ])("refuses %s", async (query, path, message) => {
    const response = await gateway.request(`/jobs${query}`);
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: "VALIDATION_ERROR", detail: message, problems: [{ path, message }] },
    ]);
  });
});
