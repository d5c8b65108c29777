/**
 * A server that gives each connection so many bytes per second and no more: `limited-server.ts BYTES_PER_SECOND`. Its address
 * is its first line; each path is a file of as many bytes as its name says.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const bytesPerSecond = Number(process.argv[2]);
const piece = Buffer.alloc(64 * 1024, "0123456789abcdef");
const everyMs = 10;

function send(response: ServerResponse, length: number): void {
  const since = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(length, ((performance.now() - since) / 1000) * bytesPerSecond);
    while (sent < due && !response.writableNeedDrain) {
      const part = piece.subarray(0, Math.min(piece.length, length - sent));
      response.write(part);
      sent += part.length;
    }
    if (sent < length && !response.destroyed) return;
    clearInterval(timer);
    response.end();
  }, everyMs);
}

const server = createServer((request, response) => {
  const size = Number(request.url?.slice(1));
  const [, first = "0", last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const from = Number(first);
  const to = Math.min(size, last === undefined || last === "" ? size : Number(last) + 1);
  const head = { "content-length": to - from, "accept-ranges": "bytes", "content-type": "application/octet-stream" };
  if (request.headers.range === undefined) response.writeHead(200, head);
  else response.writeHead(206, { ...head, "content-range": `bytes ${from}-${to - 1}/${size}` });
  if (request.method === "HEAD") response.end();
  else send(response, to - from);
});
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
