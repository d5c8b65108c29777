import { afterEach, describe, expect, it } from "vitest";
import { contractDocument, workflowDocument } from "../../support/apps.ts";
import type { ComfyStub } from "../../support/comfyui.ts";
import {
  apiKey,
  drawPictures,
  png,
  startGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
const start = async (options: TestGatewayOptions = {}): Promise<void> => {
  gateway = await startGateway({ comfy: drawPictures, ...options });
};
afterEach(() => gateway.stop());

const run = (query: string, accept: string, headers: Record<string, string> = {}): Promise<Response> =>
  gateway.request(`/run${query}`, { method: "POST", body: '{"prompt":"x"}', headers: { accept, ...headers } });
const look = (id: string, query: string, accept: string): Promise<Response> =>
  gateway.request(`/jobs/${id}${query}`, { headers: { accept } });
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

/** Two kinds of files, and a number. */
const outputs = [
  { name: "steps", type: "integer", node_id: "2" },
  { name: "image", type: "image/png", node_id: "3" },
  { name: "frames", type: "video/mp4", node_id: "4", multiple: true },
  { name: "late", type: "video/mp4", node_id: "5" },
];
const saving = { class_type: "ApiOutput", inputs: { image: ["2", 0] } };
const workflow = { prompt: { ...workflowDocument.prompt, "4": saving, "5": saving } };
const makeAll = (comfy: ComfyStub): void => {
  comfy.onPrompt = ({ id }) => {
    const saved = (filename: string) => ({ filename, subfolder: "", type: "output" });
    comfy.files.set("/a.png", { bytes: png, contentType: "image/png" });
    for (const name of ["b.mp4", "c.mp4", "d.mp4"]) {
      comfy.files.set(`/${name}`, { bytes: Buffer.from(name), contentType: "video/mp4" });
    }
    comfy.finish(id, {
      "2": { value: [4] },
      "3": { images: [saved("a.png")] },
      "4": { videos: [saved("b.mp4"), saved("c.mp4")] },
      "5": { videos: [saved("d.mp4")] },
    });
  };
};

describe("a caller who accepts the type of an output", () => {
  it("gets its bytes in the answer of a run that it waits for", async () => {
    await start();
    const response = await run("?wait=20", "image/png");
    expect([response.status, await bytesOf(response)]).toEqual([200, png]);
    const id = response.headers.get("x-job-id") ?? "";
    const fileId = String((await gateway.job(id)).output?.result["image"]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "image/png",
      "content-length": String(png.length),
      "content-disposition": "attachment; filename=image.png",
      "content-location": `/files/${fileId}/download`,
      "content-security-policy": "sandbox",
      "cache-control": "no-store",
    });
  });

  it("gets them of a job, at once or at its end, and all of them whatever part it names", async () => {
    await start({ comfy: () => undefined });
    const id = await gateway.run({ prompt: "x" });
    await until("it is submitted", () => gateway.comfy.active.size === 1);
    const waiting = look(id, "?wait=20", "image/*");
    drawPictures(gateway.comfy);
    const [submission] = gateway.comfy.submissions;
    if (submission !== undefined) gateway.comfy.onPrompt?.(submission);
    expect(await bytesOf(await waiting)).toEqual(png);
    const again = await gateway.request(`/jobs/${id}`, {
      headers: { accept: "image/png", range: "bytes=0-3", "if-none-match": (await waiting).headers.get("etag") ?? "" },
    });
    expect([again.status, await bytesOf(again)]).toEqual([200, png]);
    const head = await gateway.request(`/jobs/${id}`, { method: "HEAD", headers: { accept: "image/png" } });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(png.length)]);
  });

  it("gets a file that is too large to be read at once", async () => {
    const large = Buffer.alloc(300_000, "large");
    await start({
      comfy: (comfy) => {
        comfy.onPrompt = ({ id }) => {
          comfy.files.set("/large.png", { bytes: large, contentType: "image/png" });
          comfy.finish(id, { "3": { images: [{ filename: "large.png", subfolder: "", type: "output" }] } });
        };
      },
    });
    expect(await bytesOf(await run("?wait=20", "image/png"))).toEqual(large);
  });

  it("gets the first output of that type, and the first file of several", async () => {
    await start({ contract: { ...contractDocument, outputs }, workflow, comfy: makeAll });
    const texts = ["video/mp4", "image/png;q=0.5, video/*"].map(async (accept) =>
      (await bytesOf(await run("?wait=20", accept))).toString(),
    );
    expect(await Promise.all(texts)).toEqual(["b.mp4", "b.mp4"]);
    expect(await bytesOf(await run("?wait=20", "image/*, application/json;q=0.9"))).toEqual(png);
  });

  it("gets the bytes of the same job when it asks again under its key", async () => {
    await start();
    const [first, second] = [
      await run("?wait=20", "image/png", { "idempotency-key": "once" }),
      await run("?wait=20", "image/png", { "idempotency-key": "once" }),
    ];
    expect(second.headers.get("x-job-id")).toBe(first.headers.get("x-job-id"));
    expect([second.headers.get("idempotent-replayed"), await bytesOf(second)]).toEqual(["true", png]);
  });

  it("is told to wait while there is none", async () => {
    await start({ comfy: () => undefined });
    const { status, headers } = await run("", "image/png");
    expect([status, headers.get("content-type")]).toEqual([202, "application/json; charset=utf-8"]);
    const late = await run("?wait=1", "image/png");
    expect(late.status).toBe(202);
    const { job_id: id } = (await late.json()) as { job_id: string };
    const response = await look(id, "", "image/png");
    expect([response.status, await response.json()]).toMatchObject([202, { job_id: id, state: "queued" }]);
  });

  it("is refused, with the job's error, when there will be none", async () => {
    await start({ comfy: (comfy) => (comfy.onPrompt = ({ id }) => comfy.finish(id, {})) });
    const response = await run("?wait=20", "image/png");
    const refusal = { error: "job_without_output", detail: "MISSING_ARTIFACTS:image" };
    expect([response.status, await response.json()]).toEqual([409, refusal]);
    const id = response.headers.get("x-job-id") ?? "";
    expect((await gateway.job(id)).state).toBe("failed");
    expect(await (await look(id, "", "image/png")).json()).toEqual(refusal);
  });

  it("is told that the file is gone when it is", async () => {
    await start();
    const id = (await run("?wait=20", "image/png")).headers.get("x-job-id") ?? "";
    const { output } = await gateway.job(id);
    await gateway.request(`/files/${String(output?.result["image"])}`, { method: "DELETE" });
    const response = await look(id, "", "image/png");
    expect([response.status, await response.json()]).toEqual([404, { error: "file_not_found" }]);
    expect(response.headers.get("content-location")).toBeNull();
  });
});

describe("every other caller", () => {
  it.each(["*/*", "application/json", "application/json, image/png", "text/html", "image/webp", "image/*;q=0.5, */*"])(
    "gets the job: %s",
    async (accept) => {
      await start();
      const response = await run("?wait=20", accept);
      expect([response.status, await response.json()]).toMatchObject([200, { state: "completed" }]);
    },
  );

  it("gets the job when nothing is said of what it accepts", async () => {
    await start();
    const response = await fetch(`${gateway.url}/run?wait=20`, {
      method: "POST",
      body: '{"prompt":"x"}',
      headers: { "x-api-key": apiKey },
    });
    expect(await response.json()).toMatchObject({ state: "completed" });
  });
});
