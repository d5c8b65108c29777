import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiKey, startGateway, type TestGateway } from "../../support/gateway.ts";
import { storedFiles } from "../../support/stored-files.ts";
import { until } from "../../support/until.ts";

const contract = {
  contract_id: "c",
  version: "v1",
  inputs: [
    { name: "photo", type: "image/png", required: false, node_id: "1" },
    { name: "clip", type: "video/mp4", required: false, node_id: "1" },
  ],
  outputs: [{ name: "image", type: "image/png", node_id: "3" }],
};

let gateway: TestGateway;
beforeEach(async () => {
  const env = { COMFY_ENDPOINTS_MAX_UPLOAD_MB: "1", COMFY_ENDPOINTS_MAX_PAYLOAD_MB: "1" };
  gateway = await startGateway({ contract, env });
});
afterEach(() => gateway.stop());

const nothingIsLeft = async (): Promise<void> => {
  await until("nothing is left on disk", () => storedFiles(gateway.settings.state.files).length === 0, 5);
  expect(await (await gateway.request("/files")).json()).toEqual({ items: [], next_cursor: null });
  expect(gateway.log.filter(({ level }) => level === "error")).toEqual([]);
};

const open = (): Socket => connect(Number(new URL(gateway.url).port), "127.0.0.1");

/** Sends bytes as they are, and no more; answers with whatever comes back until the other side closes. */
function exchange(...pieces: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = open();
    let answer = "";
    socket.on("data", (data) => (answer += data.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    for (const piece of pieces) socket.write(piece);
    socket.end();
  });
}

const post = (path: string, headers: Record<string, string | number>): string =>
  [
    `POST ${path} HTTP/1.1`,
    "host: gateway",
    `x-api-key: ${apiKey}`,
    "connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "\r\n",
  ].join("\r\n");

const formType = { "content-type": "multipart/form-data; boundary=b" };
const part = (name: string, text: string, more = ""): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${text}\r\n`;
const filePart = (name: string, text: string): string => part(name, text, '; filename="f"');
const form = (path: string, ...parts: string[]) =>
  gateway.request(path, { method: "POST", headers: formType, body: `${parts.join("")}--b--\r\n` });
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

describe.each(["/files", "/run"])("a hostile upload to %s", (path) => {
  const field = path === "/files" ? "file" : "photo";

  it.each([
    ["a part that breaks off", [filePart(field, "text").slice(0, -2)]],
    ["a part without its head", [`--b\r\n\r\ntext\r\n--b--\r\n`]],
    ["a head that never ends", [`--b\r\ncontent-disposition: form-data; name="${"x".repeat(100_000)}`]],
    ["a thousand lines of head", [`--b\r\n${"x-a: b\r\n".repeat(1000)}\r\ntext\r\n--b--\r\n`]],
    ["nothing", [""]],
    ["another boundary", ["--c\r\n\r\ntext\r\n--c--\r\n"]],
    ["a whole file, and then no end", [filePart(field, "whole"), filePart(field, "half").slice(0, -4)]],
  ])("that is a form of %s gets an answer and leaves nothing", async (_, parts) => {
    const response = await gateway.request(path, { method: "POST", headers: formType, body: parts.join("") });
    // A form of nothing at all is a run without inputs: there are none that it needs.
    expect(response.status).toBeLessThan(500);
    const body = parts.join("");
    const answer = await exchange(post(path, { ...formType, "content-length": body.length + 100 }), body);
    expect(statusOf(answer)).toBe(400);
    await nothingIsLeft();
  });

  it.each([
    ["no boundary", "multipart/form-data"],
    ["an empty one", "multipart/form-data; boundary="],
    ["a long one", `multipart/form-data; boundary=${"b".repeat(5000)}`],
  ])("that is a form of %s is refused", async (_, type) => {
    const response = await gateway.request(path, {
      method: "POST",
      headers: { "content-type": type },
      body: filePart(field, "text"),
    });
    expect(response.status).toBe(400);
    await nothingIsLeft();
  });

  it("that is a form of a thousand parts is refused", async () => {
    for (const parts of [
      Array.from({ length: 1000 }, () => filePart(field, "x")),
      Array.from({ length: 1000 }, (_, at) => part(`n${at}`, "x")),
      Array.from({ length: 1000 }, (_, at) => filePart(`n${at}`, "x")),
    ]) {
      const response = await form(path, ...parts);
      expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([
        400,
        "VALIDATION_ERROR",
      ]);
    }
    await nothingIsLeft();
  });

  it("that is a form with names of objects' innards is refused", async () => {
    for (const name of ["__proto__", "constructor", "constructor[prototype][x]", "hasOwnProperty", `${field}[]`, ""]) {
      for (const each of [part(name, "x"), filePart(name, "x")]) {
        const response = await form(path, each);
        expect([name, response.status]).toEqual([name, 400]);
      }
    }
    await nothingIsLeft();
  });

  it("that is a form with a large text is refused", async () => {
    const response = await form(path, part("inputs", "x".repeat(path === "/files" ? 2000 : 2 * 1024 ** 2)));
    expect([response.status, await response.json()]).toEqual([
      413,
      { error: "payload_too_large", detail: "a text of the form is too long" },
    ]);
    await nothingIsLeft();
  });

  it.each([
    ["that is negative", { "content-length": -5 }],
    ["that is no number", { "content-length": "five" }],
    ["beside a transfer encoding", { "content-length": 5, "transfer-encoding": "chunked" }],
    ["of an unknown transfer encoding", { "transfer-encoding": "zip" }],
  ])("of a length %s is refused", async (_, headers) => {
    expect(statusOf(await exchange(post(path, headers), "hello"))).toBe(400);
    await nothingIsLeft();
  });

  it("of chunks that are none is refused", async () => {
    const answer = await exchange(post(path, { "transfer-encoding": "chunked" }), "5\r\nhello\r\nzz\r\n");
    expect(statusOf(answer)).toBe(400);
    await nothingIsLeft();
  });

  it("whose headers are huge is refused", async () => {
    expect(statusOf(await exchange(post(path, { "x-file-name": "x".repeat(20_000) }), "hello"))).toBe(431);
    await nothingIsLeft();
  });

  it("that announces a gigabyte is refused before it comes", async () => {
    const socket = open();
    const answer = new Promise<string>((resolve) => socket.on("data", (data) => resolve(data.toString("latin1"))));
    socket.write(post(path, { "content-type": "application/json", "content-length": 1024 ** 3 }));
    socket.write("x".repeat(1000));
    expect(statusOf(await answer)).toBe(413);
    socket.destroy();
    await nothingIsLeft();
  });

  it("that stops in the middle is dropped with its connection", async () => {
    const socket = open();
    socket.write(post(path, { ...formType, "content-length": 200_000 }));
    // More than is kept in memory.
    socket.write(filePart(field, "x".repeat(100_000)));
    await until("it came in", () => storedFiles(gateway.settings.state.files).length > 0, 5);
    socket.destroy();
    await nothingIsLeft();
  });
});

describe("an upload", () => {
  it("that comes a few bytes at a time is taken", async () => {
    const socket = open();
    const answer = new Promise<string>((resolve) => socket.on("data", (data) => resolve(data.toString("latin1"))));
    const body = filePart("file", "slowly");
    socket.write(post("/files", { ...formType, "content-length": body.length + 7 }));
    for (const piece of `${body}--b--\r\n`.match(/[\s\S]{1,9}/g) ?? []) {
      socket.write(piece);
      await sleep(2);
    }
    const text = await answer;
    expect(statusOf(text)).toBe(201);
    const id = /fid_[0-9a-f]{32}/.exec(text)?.[0] ?? "";
    expect(await (await gateway.request(`/files/${id}/download`)).text()).toBe("slowly");
    expect((await gateway.request(`/files/${id}`, { method: "DELETE" })).status).toBe(204);
    socket.destroy();
    await nothingIsLeft();
  });

  it("that ends before its announced length is none", async () => {
    const answer = await exchange(post("/files", { "content-length": 100 }), "hello");
    expect(statusOf(answer)).toBe(400);
    await nothingIsLeft();
  });

  it("without a key leaves nothing", async () => {
    const headers = { "x-api-key": "wrong" };
    const response = await gateway.request("/files", { method: "POST", headers, body: "x".repeat(500_000) });
    expect(response.status).toBe(401);
    await nothingIsLeft();
  });
});

describe("a deletion", () => {
  const remove = (id: string, ...more: string[]): string =>
    [`DELETE /files/${id} HTTP/1.1`, "host: gateway", `x-api-key: ${apiKey}`, ...more, "\r\n"].join("\r\n");

  it.each(["zip", "xchunked", "chunked;q=1", "chunked, gzip", "identity", ""])(
    "that is refused for its transfer encoding %j deletes nothing",
    async (encoding) => {
      const { file_id: id } = await gateway.upload(Buffer.from("stays"));
      const answer = await exchange(remove(id, `transfer-encoding: ${encoding}`));
      expect(statusOf(answer)).toBe(400);
      expect((await gateway.request(`/files/${id}`)).status).toBe(200);
    },
  );

  it("has its own answer, whatever comes behind it", async () => {
    const { file_id: id } = await gateway.upload(Buffer.from("goes"));
    const socket = open();
    const answer = text(socket);
    socket.write(`${remove(id)}and more\r\n\r\n`);
    expect(statusOf(await answer)).toBe(204);
    socket.destroy();
    expect((await gateway.request(`/files/${id}`)).status).toBe(404);
  });
});
