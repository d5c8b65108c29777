import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileObject } from "../../../contract/api.ts";
import { contractDocument } from "../../support/apps.ts";
import { apiKey, png, startGateway, type TestGateway } from "../../support/gateway.ts";
import { blobPath, storedFiles } from "../../support/stored-files.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startGateway({ env: { COMFY_ENDPOINTS_MAX_UPLOAD_MB: "1" } });
});
afterEach(() => gateway.stop());

const refused = async (response: Response): Promise<unknown> => [response.status, await response.json()];
const onDisk = (): string[] => storedFiles(gateway.settings.state.files);

describe("an upload", () => {
  it("is a file from then on, with its hash", async () => {
    const file = await gateway.upload(png, {
      "content-type": "image/png",
      "x-file-name": "fog.png",
      "x-app-id": "cards",
    });
    expect(file).toEqual({
      file_id: expect.stringMatching(/^fid_[0-9a-f]{32}$/) as string,
      media_type: "image/png",
      size_bytes: png.length,
      sha256: createHash("sha256").update(png).digest("hex"),
      source: "uploaded",
      app_id: "cards",
      original_name: "fog.png",
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/) as string,
      download_path: `/files/${file.file_id}/download`,
    });
    expect(await (await gateway.request(`/files/${file.file_id}`)).json()).toEqual(file);
    const download = await gateway.request(file.download_path);
    expect(Buffer.from(await download.arrayBuffer())).toEqual(png);
  });

  it("has the original's defaults without headers", async () => {
    const file = await gateway.upload(Buffer.from("x"));
    expect(file).toMatchObject({ media_type: "application/octet-stream", app_id: null, original_name: null });
  });

  it("has no type by what curl says without being asked", async () => {
    const file = await gateway.upload(png, { "content-type": "application/x-www-form-urlencoded" });
    expect(file.media_type).toBe("application/octet-stream");
  });

  it.each(["nonsense", "image/png; ü", "a/b/c", `image/${"x".repeat(300)}`])(
    "of the content type %j has none that could be sent back",
    async (type) => {
      const file = await gateway.upload(Buffer.from("x"), { "content-type": type });
      expect(file.media_type).toBe("application/octet-stream");
    },
  );

  it("keeps the parameters of its content type", async () => {
    const file = await gateway.upload(Buffer.from("x"), { "content-type": "text/plain; charset=utf-8" });
    expect(file.media_type).toBe("text/plain; charset=utf-8");
    expect((await gateway.request(file.download_path)).headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  it("never brings a caller's name to the disk", async () => {
    const name = "../../../etc/cron.d/evil.sh";
    const file = await gateway.upload(Buffer.from("x"), { "content-type": "text/x-sh", "x-file-name": name });
    expect(file.original_name).toBe("evil.sh");
    expect(onDisk()).toEqual([blobPath(file.sha256)]);
  });

  it("comes in chunks too", async () => {
    const file = await new Promise<FileObject>((resolve, reject) => {
      const request = httpRequest(`${gateway.url}/files`, { method: "POST", headers: { "x-api-key": apiKey } });
      request.on("response", (response) => {
        response
          .toArray()
          .then((chunks: Buffer[]) => resolve(JSON.parse(Buffer.concat(chunks).toString()) as FileObject), reject);
      });
      request.write("one ");
      request.write("two");
      request.end();
    });
    expect(await (await gateway.request(file.download_path)).text()).toBe("one two");
  });

  it("comes as a form's field too", async () => {
    const form = new FormData();
    form.set("note", "ignored");
    form.set("file", new File([png], "dir/füßchen.png", { type: "image/png" }));
    const response = await gateway.request("/files", { method: "POST", body: form });
    expect(response.status).toBe(201);
    const file = (await response.json()) as FileObject;
    expect(file).toMatchObject({ original_name: "füßchen.png", media_type: "image/png", size_bytes: png.length });
    expect(Buffer.from(await (await gateway.request(file.download_path)).arrayBuffer())).toEqual(png);
  });

  it("with nothing in it is refused", async () => {
    expect(await refused(await gateway.request("/files", { method: "POST" }))).toEqual([
      400,
      { error: "empty_file", detail: "the file has no bytes" },
    ]);
    const form = new FormData();
    form.set("note", "no file");
    expect(await refused(await gateway.request("/files", { method: "POST", body: form }))).toEqual([
      400,
      { error: "empty_file", detail: "the file has no bytes" },
    ]);
    expect(onDisk()).toEqual([]);
  });

  it("in another field of a form is refused", async () => {
    const form = new FormData();
    form.set("photo", new File([png], "a.png"));
    expect(await refused(await gateway.request("/files", { method: "POST", body: form }))).toEqual([
      400,
      { error: "VALIDATION_ERROR", detail: 'a form has one file, in its field "file"' },
    ]);
  });

  it("in a form that breaks off is refused, and leaves nothing", async () => {
    const body = `--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\nbytes`;
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    expect(await refused(await gateway.request("/files", { method: "POST", headers, body }))).toEqual([
      400,
      { error: "VALIDATION_ERROR", detail: "the upload is broken" },
    ]);
    await until("nothing is left", () => onDisk().length === 0, 3);
  });

  it.each(["content-length", "chunked", "form"])(
    "beyond the limit is refused, by %s, and leaves nothing",
    async (way) => {
      const bytes = new Uint8Array(1024 ** 2 + 1);
      const form = new FormData();
      form.set("file", new File([bytes], "big.bin"));
      const body = way === "form" ? form : way === "chunked" ? new Blob([bytes]).stream() : bytes;
      const init: RequestInit & { duplex?: string } = { method: "POST", body, duplex: "half" };
      expect(await refused(await gateway.request("/files", init))).toEqual([
        413,
        { error: "payload_too_large", detail: "the file has more than 1048576 bytes" },
      ]);
      expect(onDisk()).toEqual([]);
      expect(await (await gateway.request("/files")).json()).toEqual({ items: [], next_cursor: null });
    },
  );

  it.each(["body", "form", "run"])("beyond the quota is refused, as a %s, and leaves nothing", async (way) => {
    await gateway.stop();
    gateway = await startGateway({
      contract: {
        ...contractDocument,
        inputs: [{ name: "prompt", type: "file/bin", required: true, node_id: "1" }],
      },
      settings: (settings) => ({ ...settings, limits: { ...settings.limits, fileQuotaBytes: 10 } }),
    });
    const form = new FormData();
    form.set(way === "run" ? "prompt" : "file", new File(["more than ten"], "big.bin"));
    const body = way === "body" ? "more than ten" : form;
    expect(await refused(await gateway.request(way === "run" ? "/run" : "/files", { method: "POST", body }))).toEqual([
      507,
      {
        error: "quota_exceeded",
        detail: "files may take 10 bytes, and too few of the others can go; delete some, or wait until they expire",
      },
    ]);
    expect(onDisk()).toEqual([]);
    const small = await gateway.upload(Buffer.from("just ten.."));
    await gateway.upload(Buffer.from("ten others"));
    expect((await gateway.request(`/files/${small.file_id}`)).status).toBe(404);
  });

  it("of exactly the limit is taken", async () => {
    expect((await gateway.upload(randomBytes(1024 ** 2))).size_bytes).toBe(1024 ** 2);
  });

  it("that its caller gives up leaves nothing, and is no fault of ours", async () => {
    const request = httpRequest(`${gateway.url}/files`, {
      method: "POST",
      headers: { "x-api-key": apiKey, "content-length": 200_000 },
    });
    request.on("error", () => undefined);
    // More than is kept in memory.
    request.write("x".repeat(100_000));
    await until("bytes arrive", () => onDisk().some((name) => name.startsWith("incoming/")));
    request.destroy();
    await until("they are removed", () => onDisk().length === 0);
    expect(gateway.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("the list of files", () => {
  it("is newest first, in pages", async () => {
    const ids: string[] = [];
    for (const text of ["1", "2", "3"]) ids.unshift((await gateway.upload(Buffer.from(text))).file_id);
    const page = async (query: string): Promise<{ ids: string[]; next: string | null }> => {
      const body = (await (await gateway.request(`/files?${query}`)).json()) as {
        items: FileObject[];
        next_cursor: string | null;
      };
      return { ids: body.items.map(({ file_id }) => file_id), next: body.next_cursor };
    };
    expect(await page("")).toEqual({ ids, next: null });
    const first = await page("limit=2");
    expect(first).toEqual({ ids: ids.slice(0, 2), next: "2" });
    expect(await page(`limit=2&cursor=${first.next ?? ""}`)).toEqual({ ids: ids.slice(2), next: null });
    expect((await page("limit=-7")).ids).toHaveLength(1);
  });

  it("can be filtered", async () => {
    await gateway.upload(png, { "content-type": "image/png", "x-app-id": "a" });
    await gateway.upload(Buffer.from("x"), { "content-type": "text/plain", "x-app-id": "b" });
    const types = async (query: string): Promise<string[]> => {
      const body = (await (await gateway.request(`/files?${query}`)).json()) as { items: FileObject[] };
      return body.items.map(({ media_type }) => media_type);
    };
    expect(await types("media_type=image/png")).toEqual(["image/png"]);
    expect(await types("app_id=b")).toEqual(["text/plain"]);
    expect(await types("source=uploaded")).toEqual(["text/plain", "image/png"]);
    expect(await types("source=generated")).toEqual([]);
  });

  it.each([
    ["limit=many", "invalid_limit"],
    ["cursor=abc", "invalid_cursor"],
    ["cursor=-1", "invalid_cursor"],
  ])("refuses %s", async (query, error) => {
    const response = await gateway.request(`/files?${query}`);
    expect([response.status, await response.json()]).toEqual([400, { error }]);
  });

  it("refuses a parameter given twice", async () => {
    const response = await gateway.request("/files?limit=1&limit=2");
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: "VALIDATION_ERROR", problems: [{ path: "limit" }] });
  });
});
