/** A server of one model at /model.safetensors that is slow, gives parts, and breaks off once when 60 % are through. */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const bytes = Buffer.alloc(24 * 1024 ** 2, "a model ");
const breakAt = Math.floor(bytes.length * 0.6);
const chunkBytes = 256 * 1024;
let broken = false;

createServer((request, response) => {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = to === undefined || to === "" ? bytes.length : Math.min(bytes.length, Number(to) + 1);
  response.writeHead(from === undefined ? 200 : 206, {
    "content-length": end - start,
    "accept-ranges": "bytes",
    etag: '"one"',
    ...(from !== undefined && { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` }),
  });
  const send = async (): Promise<void> => {
    for (let at = start; at < end && !response.destroyed; at += chunkBytes) {
      if (!broken && at <= breakAt && breakAt < at + chunkBytes) {
        broken = true;
        console.log("broke off");
        response.destroy();
        return;
      }
      response.write(bytes.subarray(at, Math.min(end, at + chunkBytes)));
      await sleep(50);
    }
    response.end();
  };
  void send();
}).listen(8000);
