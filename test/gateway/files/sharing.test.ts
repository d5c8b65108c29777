import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drawPictures, png, startGateway, type TestGateway } from "../../support/gateway.ts";
import { blobPath, storedFiles } from "../../support/stored-files.ts";
import { until } from "../../support/until.ts";

const contract = {
  contract_id: "c",
  version: "v1",
  inputs: [{ name: "photo", type: "image/png", required: true, node_id: "1" }],
  outputs: [{ name: "image", type: "image/png", node_id: "3" }],
};

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway({ contract });
});
afterEach(() => gateway.stop());

const onDisk = (): string[] => storedFiles(gateway.settings.state.files);
const remove = async (id: string): Promise<unknown> => {
  const response = await gateway.request(`/files/${id}`, { method: "DELETE" });
  const text = await response.text();
  return [response.status, text === "" ? "" : (JSON.parse(text) as unknown)];
};

describe("equal bytes", () => {
  it("are stored once, and stay until the last of their files is deleted", async () => {
    const one = await gateway.upload(png, { "content-type": "image/png", "x-file-name": "one.png" });
    const two = await gateway.upload(png, { "content-type": "image/x-other", "x-file-name": "two" });
    expect(two.file_id).not.toBe(one.file_id);
    expect([two.media_type, two.original_name]).toEqual(["image/x-other", "two"]);
    expect(onDisk()).toEqual([blobPath(one.sha256)]);

    expect(await remove(one.file_id)).toEqual([204, ""]);
    expect((await gateway.request(one.download_path)).status).toBe(404);
    expect(Buffer.from(await (await gateway.request(two.download_path)).arrayBuffer())).toEqual(png);
    expect(await remove(two.file_id)).toEqual([204, ""]);
    expect(onDisk()).toEqual([]);
  });

  it("that come and go at the same time are there for every file that is left", async () => {
    const rounds = Array.from({ length: 20 }, async () => {
      const { file_id } = await gateway.upload(png);
      expect(await remove(file_id)).toEqual([204, ""]);
    });
    const kept = await Promise.all(Array.from({ length: 20 }, () => gateway.upload(png)));
    await Promise.all(rounds);
    for (const file of kept) expect((await gateway.request(file.download_path)).status).toBe(200);
    expect(onDisk()).toEqual([blobPath(kept[0]?.sha256 ?? "")]);
    for (const file of kept) expect(await remove(file.file_id)).toEqual([204, ""]);
    expect(onDisk()).toEqual([]);
  });

  it("cannot be written by whoever reads them", async () => {
    const { sha256 } = await gateway.upload(png);
    expect(statSync(join(gateway.settings.state.files, blobPath(sha256))).mode & 0o777).toBe(0o444);
  });
});

describe("a file that is deleted", () => {
  it.each(["fid_0", `fid_${"0".repeat(32)}`, "..%2F..%2Fjobs.db"])("must be there: %s is not", async (id) => {
    expect(await remove(id)).toEqual([404, { error: "file_not_found" }]);
  });

  it("must not be an input of a job that has not ended, and may be one of a job that has", async () => {
    const file = await gateway.upload(png, { "content-type": "image/png" });
    const inUse = {
      error: "file_in_use",
      detail: "a job that has not ended takes the file; wait for its end, or cancel it",
    };
    const running = await gateway.run({ photo: file.file_id });
    await gateway.jobIn("running", running);
    const queued = await gateway.run({ photo: file.file_id });
    expect(await remove(file.file_id)).toEqual([409, inUse]);

    drawPictures(gateway.comfy);
    expect((await gateway.request(`/jobs/${running}/cancel`, { method: "POST" })).status).toBe(202);
    await gateway.jobIn("canceled", running);
    await gateway.jobIn("completed", queued);
    expect(await remove(file.file_id)).toEqual([204, ""]);
  });

  it("may be an input of a job that was canceled while it waited", async () => {
    const file = await gateway.upload(png, { "content-type": "image/png" });
    await gateway.jobIn("running", await gateway.run({ photo: (await gateway.upload(png)).file_id }));
    const queued = await gateway.run({ photo: file.file_id });
    expect((await remove(file.file_id)) as unknown[]).toContain(409);
    await gateway.request(`/jobs/${queued}/cancel`, { method: "POST" });
    expect(await remove(file.file_id)).toEqual([204, ""]);
  });

  it("may be a job's output", async () => {
    drawPictures(gateway.comfy);
    const file = await gateway.upload(Buffer.from("other"), { "content-type": "image/png" });
    const job = await gateway.jobIn("completed", await gateway.run({ photo: file.file_id }));
    const output = String(job.output?.result["image"]);
    expect(await remove(output)).toEqual([204, ""]);
    expect((await gateway.request(`/files/${output}/download`)).status).toBe(404);
    await until("only the input is left", () => onDisk().length === 1, 3);
  });
});

describe("a job's files", () => {
  it("have the extension of what they are, or of what the workflow takes them for, and go with the job", async () => {
    const known = await gateway.upload(png, { "content-type": "image/webp" });
    const unknown = await gateway.upload(Buffer.from("?"), { "x-file-name": "photo" });
    for (const [file, extension] of [[known, ".webp"] as const, [unknown, ".png"] as const]) {
      const job = await gateway.run({ photo: file.file_id });
      await gateway.jobIn("running", job);
      await until("it was submitted", () => gateway.comfy.active.size === 1);
      const lent = `inputs/${job}/${file.file_id}${extension}`;
      const submission = gateway.comfy.submissions.at(-1);
      expect(submission?.prompt["1"]?.inputs["value"]).toBe(join(gateway.settings.state.files, lent));
      expect(onDisk()).toContain(lent);
      gateway.comfy.fail(submission?.id ?? "", { exception_message: "no" });
      await gateway.jobIn("failed", job);
      expect(onDisk()).not.toContain(lent);
    }
  });
});
