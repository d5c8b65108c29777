import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../../../cli/client.ts";
import { until } from "../../support/until.ts";

const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251));
let server: Server;
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[];
let ranges: (string | undefined)[];
let folder: string;
let client: Client;
let interruption: AbortController;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "download-"));
  answers = [];
  ranges = [];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answers.shift()?.(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  interruption = new AbortController();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createClient({ url, apiKey: "k", keyRemedy: "", userAgent: "test", signal: interruption.signal });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  rmSync(folder, { recursive: true, force: true });
});

const headers = { "content-type": "image/png", "content-length": bytes.length, etag: '"1"' };
/** Sends a part of the file, and then cuts the connection. */
const half = (_: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200, headers);
  response.write(bytes.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
};
const download = (name = "a.png") => client.download("fid_1", () => join(folder, name));

describe("a download", () => {
  it("that breaks off goes on where it was", async () => {
    answers = [
      half,
      (request, response) => {
        expect(request.headers["if-range"]).toBe('"1"');
        const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1]);
        const rest = bytes.subarray(from);
        response.writeHead(206, { ...headers, "content-length": rest.length }).end(rest);
      },
    ];
    expect(await download()).toEqual({ path: join(folder, "a.png"), size: bytes.length, mediaType: "image/png" });
    expect(readFileSync(join(folder, "a.png")).equals(bytes)).toBe(true);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it("begins anew where the endpoint has another file by now", async () => {
    answers = [half, (_, response) => void response.writeHead(200, headers).end(bytes)];
    expect((await download()).size).toBe(bytes.length);
    expect(readFileSync(join(folder, "a.png")).equals(bytes)).toBe(true);
  });

  it("replaces a file only when it is whole, and leaves no half of one", async () => {
    writeFileSync(join(folder, "a.png"), "the old one");
    answers = [half, (_, response) => void response.writeHead(404).end('{"error": "file_not_found"}')];
    await expect(download()).rejects.toThrow(/answered 404 file_not_found$/);
    expect(readFileSync(join(folder, "a.png"), "utf8")).toBe("the old one");
    expect(readdirSync(folder)).toEqual(["a.png"]);
  });

  it("that is interrupted leaves nothing behind", async () => {
    answers = [(_, response) => void response.writeHead(200, headers).write(bytes.subarray(0, 1000))];
    const failed = expect(download()).rejects.toThrow("aborted");
    await until("a part is there", () => readdirSync(folder).length === 1);
    interruption.abort();
    await failed;
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says where it cannot write, and does not try that again", async () => {
    mkdirSync(join(folder, "a.png"));
    answers = [(_, response) => void response.writeHead(200, headers).end(bytes)];
    await expect(download()).rejects.toThrow(/^\S+a\.png cannot be written \(EISDIR/);
    answers = [(_, response) => void response.writeHead(200, headers).end(bytes)];
    await expect(download("gone/a.png")).rejects.toThrow(/^\S+a\.png cannot be written \(ENOENT/);
    expect(ranges).toHaveLength(2);
    expect(readdirSync(folder)).toEqual(["a.png"]);
  });
});
