import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileObject, Job } from "../../../contract/api.ts";
import { workflowDocument } from "../../support/apps.ts";
import { drawPictures, png, startGateway, type TestGateway } from "../../support/gateway.ts";
import { blobPath, storedFiles } from "../../support/stored-files.ts";
import { until } from "../../support/until.ts";

const input = (name: string, type: string, more: object = {}) => ({
  name,
  type,
  required: false,
  node_id: "1",
  ...more,
});
const contract = {
  contract_id: "c",
  version: "v1",
  inputs: [
    input("photo", "image/png", { required: true }),
    input("clip", "video/mp4", { node_id: "4" }),
    input("any", "file/bin", { node_id: "5" }),
    input("steps", "integer", { node_id: "2", field: "height", max: 50 }),
  ],
  outputs: [{ name: "image", type: "image/png", node_id: "3" }],
};
const apiInput = { class_type: "ApiInput", inputs: { name: "x", type: "string", required: false, value: "" } };
const workflow = { ...workflowDocument.prompt, "4": apiInput, "5": apiInput };

let gateway: TestGateway;
beforeEach(async () => {
  const env = { COMFY_ENDPOINTS_MAX_UPLOAD_MB: "1", COMFY_ENDPOINTS_MAX_PAYLOAD_MB: "1" };
  gateway = await startGateway({ contract, workflow, env });
});
afterEach(() => gateway.stop());

type Fields = Record<string, string | Blob>;
const run = async (
  fields: Fields,
  headers: Record<string, string> = {},
): Promise<[number, Record<string, unknown>]> => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const response = await gateway.request("/run", { method: "POST", body: form, headers });
  return [response.status, (await response.json()) as Record<string, unknown>];
};
const picture = (name = "a.png", type = "image/png"): File => new File([png], name, { type });
const listed = async (): Promise<FileObject[]> =>
  ((await (await gateway.request("/files")).json()) as { items: FileObject[] }).items;
const blobs = (): string[] => storedFiles(gateway.settings.state.files).filter((path) => path.startsWith("blobs/"));
const nothingIsLeft = async (): Promise<void> => {
  expect(storedFiles(gateway.settings.state.files)).toEqual([]);
  expect(await listed()).toEqual([]);
};
const problem = (path: string, code: string, message: string) => [
  400,
  { error: "VALIDATION_ERROR", detail: code, problems: [{ path, code, message }] },
];

describe("a run with its files in a form", () => {
  it("stores them as uploads, and the job takes them", async () => {
    drawPictures(gateway.comfy);
    const [status, body] = await run(
      { inputs: '{"steps": 20}', photo: picture("föto.png"), clip: new File(["clip"], "c.mp4", { type: "video/mp4" }) },
      { "x-app-id": "cards" },
    );
    expect(status).toBe(202);
    const id = String(body["job_id"]);
    const job: Job = await gateway.jobIn("completed", id);
    const [generated, ...uploads] = await listed();
    expect(generated?.file_id).toBe(job.output?.result["image"]);
    const [photo, clip] = uploads.sort((one, other) => (one.media_type < other.media_type ? -1 : 1));
    expect(photo).toMatchObject({
      media_type: "image/png",
      source: "uploaded",
      original_name: "föto.png",
      app_id: "cards",
    });
    expect(clip).toMatchObject({
      media_type: "video/mp4",
      source: "uploaded",
      original_name: "c.mp4",
      app_id: "cards",
    });
    const lent = `${gateway.settings.state.files}/inputs/${id}`;
    const prompt = gateway.comfy.submissions[0]?.prompt;
    expect(prompt?.["1"]?.inputs["value"]).toBe(`${lent}/${photo?.file_id ?? ""}.png`);
    expect(prompt?.["4"]?.inputs["value"]).toBe(`${lent}/${clip?.file_id ?? ""}.mp4`);
    expect(prompt?.["2"]?.inputs["height"]).toBe(20);
  });

  it("needs no JSON when it has no other inputs", async () => {
    expect((await run({ photo: picture() }))[0]).toBe(202);
  });

  it("may name other files by their ids", async () => {
    const { file_id } = await gateway.upload(Buffer.from("clip"), { "content-type": "video/mp4" });
    expect((await run({ inputs: JSON.stringify({ clip: file_id }), photo: picture() }))[0]).toBe(202);
  });

  it.each<[string, Fields, unknown[]]>([
    [
      "another input is wrong",
      { inputs: '{"steps": 51}', photo: picture() },
      problem("steps", "invalid_input:steps", "is 51; it must be at most 50"),
    ],
    [
      "an input is missing",
      { inputs: '{"steps": 5}', any: picture() },
      problem("photo", "missing_required_input:photo", "is missing; give a image/png"),
    ],
    [
      "an input is unknown",
      { inputs: '{"x": 1}', photo: picture() },
      problem("x", "unexpected_inputs:x", "is not an input; the inputs are photo, clip, any, steps"),
    ],
    [
      "a value is a text of the form",
      { steps: "20", photo: picture() },
      problem("steps", "unexpected_inputs:steps", "is a text of the form; put it into the JSON of `inputs`"),
    ],
    [
      "a file is named in the JSON too",
      { inputs: `{"photo": "fid_${"0".repeat(32)}"}`, photo: picture() },
      problem("photo", "invalid_input:photo", "is given twice; give it once"),
    ],
  ])("keeps none of them when %s", async (_, fields, answer) => {
    expect(await run(fields)).toEqual(answer);
    await nothingIsLeft();
  });

  it("keeps none of them when one is of another type than the input takes", async () => {
    const [status, body] = await run({ photo: picture(), clip: picture("b.png", "image/webp") });
    expect([status, body]).toEqual([
      400,
      {
        error: "VALIDATION_ERROR",
        detail: "media_type_mismatch:clip",
        problems: [
          {
            path: "clip",
            code: "media_type_mismatch:clip",
            message: expect.stringMatching(
              /^is "fid_\w{32}", a file of type image\/webp; the input takes video\/mp4: give such a file$/,
            ) as string,
          },
        ],
      },
    ]);
    await nothingIsLeft();
  });

  it.each(["{", '"text"', "[]", "null"])("keeps none of them when the JSON is %s", async (inputs) => {
    const [status, body] = await run({ inputs, photo: picture() });
    expect([status, body["detail"]]).toEqual([400, "invalid_json"]);
    await nothingIsLeft();
  });

  it.each<[string, Fields]>([
    ["steps", { steps: picture() }],
    ["inputs", { inputs: picture() }],
    ["nonsense", { nonsense: picture() }],
  ])("takes no file in the field %s", async (_, fields) => {
    expect(await run({ photo: picture(), ...fields })).toEqual([
      400,
      {
        error: "VALIDATION_ERROR",
        detail: "a form to run has a text in its field `inputs`, and at most one file in the field of each media input",
      },
    ]);
    await nothingIsLeft();
  });

  it("takes one file in a field", async () => {
    const form = new FormData();
    for (const text of ["one", "two"]) form.append("photo", new File([text], "a.png", { type: "image/png" }));
    const response = await gateway.request("/run", { method: "POST", body: form });
    expect([response.status, await response.json()]).toEqual(
      problem("photo", "invalid_input:photo", "is given twice; give it once"),
    );
    await nothingIsLeft();
  });

  it("takes no file beyond the limit, and no empty one", async () => {
    const large = new File([new Uint8Array(1024 ** 2 + 1)], "a.png", { type: "image/png" });
    expect(await run({ any: picture(), photo: large })).toEqual([
      413,
      { error: "payload_too_large", detail: "the file has more than 1048576 bytes" },
    ]);
    expect(await run({ any: picture(), photo: new File([], "a.png") })).toEqual([
      400,
      { error: "empty_file", detail: "the file has no bytes" },
    ]);
    await nothingIsLeft();
  });

  it("keeps none of them when the queue is full", async () => {
    await gateway.stop();
    gateway = await startGateway({
      ...{ contract, workflow },
      settings: (settings) => ({ ...settings, limits: { ...settings.limits, queuedJobs: 1 } }),
    });
    await gateway.jobIn("running", String((await run({ photo: new File(["running"], "r.png") }))[1]["job_id"]));
    expect((await run({ photo: new File(["queued"], "q.png") }))[0]).toBe(202);
    expect((await run({ photo: new File(["refused"], "x.png") }))[0]).toBe(429);
    await until("the refused one is gone", () => blobs().length === 2, 5);
    expect(await listed()).toHaveLength(2);
  });

  it("is the same request again when its files have the same bytes, which are kept once", async () => {
    const send = (text: string) =>
      run({ inputs: '{"steps": 5}', photo: new File([text], "a.png") }, { "idempotency-key": "k1" });
    const [, first] = await send("same");
    expect(await send("same")).toEqual([202, { job_id: first["job_id"], state: expect.any(String) as string }]);
    expect((await send("other"))[1]).toMatchObject({ error: "idempotency_conflict" });
    await until("the others are gone", async () => blobs().length === 1 && (await listed()).length === 1, 5);
    const [kept] = await listed();
    expect(blobs()).toEqual([blobPath(kept?.sha256 ?? "")]);
  });
});

describe("a run with ids of files", () => {
  it.each([
    ["image/png", "image/png", true],
    ["photo", "image/webp", true],
    ["photo", "IMAGE/JPEG; q=1", true],
    ["photo", "application/octet-stream", true],
    ["photo", "video/mp4", false],
    ["photo", "text/html", false],
    ["clip", "image/gif", false],
    ["any", "text/html", true],
  ])("for %s takes a file of type %s: %s", async (name, type, fits) => {
    const field = name === "image/png" ? "photo" : name;
    const { file_id } = await gateway.upload(Buffer.from("bytes"), { "content-type": type });
    const { file_id: photo } = await gateway.upload(png, { "content-type": "image/png" });
    const body = JSON.stringify({ photo, [field]: file_id });
    const response = await gateway.request("/run", { method: "POST", body });
    expect(response.status).toBe(fits ? 202 : 400);
    if (fits) return;
    const declared = field === "clip" ? "video/mp4" : "image/png";
    const message = `is "${file_id}", a file of type ${type}; the input takes ${declared}: give such a file`;
    expect([response.status, await response.json()]).toEqual(problem(field, `media_type_mismatch:${field}`, message));
  });

  it("takes none that is not there, nor a path, nor an address", async () => {
    const id = `fid_${"0".repeat(32)}`;
    for (const [value, code, message] of [
      [id, "file_not_found:photo", `is "${id}", and there is no such file; upload it to /files first`],
      ...["/etc/passwd", "https://example.com/a.png"].map((text) => [
        text,
        "invalid_input:photo",
        `is "${text}"; upload the image/png to /files and give its file id (fid_ and 32 hex digits)`,
      ]),
    ] as const) {
      const response = await gateway.request("/run", { method: "POST", body: JSON.stringify({ photo: value }) });
      expect([response.status, await response.json()]).toEqual(problem("photo", code, message));
    }
  });
});
