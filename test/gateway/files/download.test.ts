import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FileObject } from "../../../contract/api.ts";
import { fileNameOf } from "../../../gateway/files/media-types.ts";
import { apiKey, startGateway, type TestGateway } from "../../support/gateway.ts";

let gateway: TestGateway;
let file: FileObject;
beforeAll(async () => {
  gateway = await startGateway();
  file = await gateway.upload(Buffer.from("0123456789"), {
    "content-type": "text/html",
    "x-file-name": Buffer.from('na"me; ü.html').toString("latin1"),
  });
});
afterAll(() => gateway.stop());

/** Not by fetch, which adds headers of its own to such requests. */
function download(headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; text: string }>((resolve, reject) => {
    const request = httpRequest(`${gateway.url}${file.download_path}`, {
      method,
      headers: { "x-api-key": apiKey, ...headers },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      response.toArray().then((chunks: Buffer[]) => {
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
      }, reject);
    });
    request.end();
  });
}

describe("a download", () => {
  it("is an attachment that a browser neither shows nor runs", async () => {
    const { headers } = await download();
    expect(headers).toMatchObject({
      "content-type": "text/html",
      "content-length": "10",
      "content-disposition": `attachment; filename="na\\"me; ?.html"; filename*=UTF-8''na%22me%3B%20%C3%BC.html`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
      "cache-control": "private, immutable, max-age=31536000",
      etag: `"${file.sha256}"`,
      "accept-ranges": "bytes",
    });
  });

  it.each([
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=8-", "89", "bytes 8-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
    ["bytes=-1", "9", "bytes 9-9/10"],
    ["bytes=-99", "0123456789", "bytes 0-9/10"],
    // Next to each other, they are one.
    ["bytes=0-1,2-3", "0123", "bytes 0-3/10"],
  ])("of %s is that part", async (range, text, contentRange) => {
    const response = await download({ range });
    expect([response.status, response.text, response.headers["content-range"]]).toEqual([206, text, contentRange]);
    expect(response.headers["content-length"]).toBe(String(text.length));
  });

  it.each(["bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes="])("of %s is the whole", async (range) => {
    const response = await download({ range });
    expect([response.status, response.text, response.headers["content-range"]]).toEqual([200, "0123456789", undefined]);
  });

  it.each(["bytes=20-30", "bytes=10-", "bytes=-0", "bytes=5-2"])("of %s is refused", async (range) => {
    const response = await download({ range });
    expect([response.status, JSON.parse(response.text)]).toEqual([416, { error: "range_not_satisfiable" }]);
    expect(response.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-range": "bytes */10",
    });
    expect(response.headers).not.toHaveProperty("content-disposition");
  });

  it("goes on where it broke off when the bytes are the same, and from the start when not", async () => {
    const range = "bytes=5-";
    const same = await download({ range, "if-range": `"${file.sha256}"` });
    expect([same.status, same.text]).toEqual([206, "56789"]);
    const other = await download({ range, "if-range": '"another"' });
    expect([other.status, other.text]).toEqual([200, "0123456789"]);
  });

  it("of bytes that the caller has is empty", async () => {
    for (const etag of [`"${file.sha256}"`, `W/"${file.sha256}"`, `"other", "${file.sha256}"`, "*"]) {
      const response = await download({ "if-none-match": etag });
      expect([etag, response.status, response.text]).toEqual([etag, 304, ""]);
    }
    expect((await download({ "if-none-match": '"other"' })).status).toBe(200);
  });

  it("by HEAD has the headers alone, of a part as well", async () => {
    const whole = await download({}, "HEAD");
    expect([whole.status, whole.headers["content-length"], whole.text]).toEqual([200, "10", ""]);
    const part = await download({ range: "bytes=1-3" }, "HEAD");
    expect([part.status, part.headers["content-range"], part.text]).toEqual([206, "bytes 1-3/10", ""]);
    const about = await gateway.request(`/files/${file.file_id}`, { method: "HEAD" });
    expect([about.status, await about.text()]).toEqual([200, ""]);
  });

  it.each([
    ...["fid_0", `fid_${"0".repeat(32)}`, "..%2F..%2Fjobs.db", "..%2f..%2f..%2fetc%2fpasswd", "%00", "fid_%0d%0ax: y"],
    ...["blobs", "a".repeat(2000), "%252e%252e%252fjobs.db"],
  ])("of %s is not found", async (id) => {
    for (const path of [`/files/${id}/download`, `/files/${id}`]) {
      const response = await gateway.request(path);
      expect([path, response.status, await response.json()]).toEqual([path, 404, { error: "file_not_found" }]);
    }
  });

  it("of what is no UTF-8 is an invalid request", async () => {
    const response = await gateway.request("/files/%ff/download");
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: "VALIDATION_ERROR", detail: "invalid_request" },
    ]);
  });
});

describe("a file's name", () => {
  it.each([
    ["../../etc/passwd", "passwd", "attachment; filename=passwd"],
    ["C:\\dir\\evil.exe", "evil.exe", "attachment; filename=evil.exe"],
    ['"; filename="other', '"; filename="other', 'attachment; filename="\\"; filename=\\"other"'],
    ["a%20b.png", "a%20b.png", "attachment; filename=a%20b.png; filename*=UTF-8''a%2520b.png"],
    ["日本.png", "日本.png", "attachment; filename=\"??.png\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.png"],
    ["exe\u202egnp.exe", "exegnp.exe", "attachment; filename=exegnp.exe"],
    ["\u0085\u009b.png", ".png", "attachment; filename=.png"],
  ])("given as %j is %j, and one header in a download", async (given, name, disposition) => {
    const bytes = Buffer.from(`bytes of ${given}`);
    const uploaded = await gateway.upload(bytes, { "x-file-name": Buffer.from(given).toString("latin1") });
    expect(uploaded.original_name).toBe(name);
    const { headers } = await gateway.request(uploaded.download_path);
    expect(headers.get("content-disposition")).toBe(disposition);
  });

  it.each(["..", ".", "dir/", "\u202e"])("given as %j is none, and its download is named by its id", async (given) => {
    const uploaded = await gateway.upload(Buffer.from("x"), { "x-file-name": Buffer.from(given).toString("latin1") });
    expect(uploaded.original_name).toBeNull();
    const { headers } = await gateway.request(uploaded.download_path);
    expect(headers.get("content-disposition")).toBe(`attachment; filename=${uploaded.file_id}`);
  });

  it("in a form brings no header of its own", async () => {
    const form = new FormData();
    form.set("file", new File(["x"], 'a.png"\r\nset-cookie: a=b\r\n'));
    const response = await gateway.request("/files", { method: "POST", body: form });
    const uploaded = (await response.json()) as FileObject;
    expect(uploaded.original_name).toBe('a.png"set-cookie: a=b');
    const { headers } = await gateway.request(uploaded.download_path);
    expect(headers.get("set-cookie")).toBeNull();
    expect(headers.get("content-disposition")).toBe('attachment; filename="a.png\\"set-cookie: a=b"');
  });

  it("that is long keeps its extension, and whole characters", () => {
    expect(fileNameOf(`${"x".repeat(400)}.png`)).toBe(`${"x".repeat(251)}.png`);
    expect(fileNameOf("😀".repeat(300))).toBe("😀".repeat(255));
    expect(fileNameOf(`${"x".repeat(300)}.${"y".repeat(300)}`)).toHaveLength(255);
    expect(fileNameOf("\ud83d.png")).toBe("\ufffd.png");
  });
});
