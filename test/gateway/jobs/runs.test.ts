import { afterEach, describe, expect, it } from "vitest";
import { drawPictures, png, startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
afterEach(() => gateway.stop());

describe("a run", () => {
  it("ends with the picture's file id, and the file is the picture", async () => {
    gateway = await startGateway({ comfy: drawPictures });
    const id = await gateway.run({ prompt: "a lighthouse in heavy fog" });
    const job = await gateway.jobIn("completed", id);
    const promptId = gateway.comfy.submissions[0]?.id ?? "";
    const file = String(job.output?.result["image"]);
    expect(job).toEqual({
      job_id: id,
      state: "completed",
      output: { prompt_id: promptId, status: "completed", result: { image: file } },
      error: null,
      prompt_id: promptId,
      cancel_requested: false,
    });
    const download = await gateway.request(`/files/${file}/download`);
    expect(download.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await download.arrayBuffer())).toEqual(png);
  });
});
