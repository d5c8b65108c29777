import { describe, expect, it } from "vitest";
import { workflowContractSchema } from "../../../contract/workflow-contract.ts";
import { MediaProblem, mediaValues } from "../../../gateway/jobs/media.ts";

const prompt = {
  "1": { class_type: "ApiInput", inputs: { name: "photo", type: "string", value: "" } },
  "2": { class_type: "LoadVideoPath", inputs: { path: "" } },
  "3": { class_type: "LoadImage", inputs: { image: "example.png" } },
};
const contract = workflowContractSchema.parse({
  contract_id: "c",
  version: "v1",
  inputs: [
    { name: "photo", type: "image/png", required: false, node_id: "1" },
    { name: "clip", type: "video/mp4", required: false, node_id: "2", field: "path" },
    { name: "picture", type: "image/png", required: false, node_id: "3", field: "image" },
  ],
  outputs: [{ name: "out", type: "image/png", node_id: "3" }],
});
const types: Record<string, string> = { "LoadVideoPath.path": "STRING", "LoadImage.image": "COMBO" };

const id = (digit: string): string => `fid_${digit.repeat(32)}`;
const never = new AbortController().signal;

/** Of three files one is gone; ComfyUI takes files or has no room for them. */
function values(inputs: Record<string, string>, room = true) {
  const copied: string[] = [];
  const record = { mediaType: "image/png", sizeBytes: 1, sha256: "", appId: null, originalName: null, createdAt: "" };
  const files = {
    get: (fileId: string) =>
      Promise.resolve(fileId === id("0") ? undefined : { ...record, id: fileId, source: "uploaded" as const }),
    lend: (file: { id: string }, mediaType: string, jobId: string) =>
      Promise.resolve(`/lent/${jobId}/${file.id}.${mediaType.slice(-3)}`),
  };
  const client = {
    inputType: (className: string, field: string) => Promise.resolve(types[`${className}.${field}`]),
    putInput: (path: string, name: string) => {
      copied.push(`${path} as ${name}`);
      return Promise.resolve(room ? `comfy-endpoints/${name}` : undefined);
    },
  };
  const found = mediaValues({ contract, prompt }, { id: "j1", inputs }, files, client, never);
  return { found, copied };
}

describe("a job's media", () => {
  it("go as paths to nodes that take text, and as copies in ComfyUI's input folder to those that choose from it", async () => {
    const { found, copied } = values({ photo: id("1"), clip: id("2"), picture: id("3") });
    expect(Object.fromEntries(await found)).toEqual({
      photo: `/lent/j1/${id("1")}.png`,
      clip: `/lent/j1/${id("2")}.mp4`,
      picture: `comfy-endpoints/${id("3")}.png`,
    });
    expect(copied).toEqual([`/lent/j1/${id("3")}.png as ${id("3")}.png`]);
  });

  it("are missed by the name of their input", async () => {
    const gone = values({ clip: id("0") }).found;
    await expect(gone).rejects.toThrow(new MediaProblem("VALIDATION_ERROR:file_not_found:clip"));
  });

  it("may be too large for ComfyUI", async () => {
    const large = values({ picture: id("3") }, false).found;
    await expect(large).rejects.toThrow(new MediaProblem("VALIDATION_ERROR:file_too_large_for_comfyui:picture"));
  });
});
