import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import { bodyWithin, createHttpServer, type HttpTimeouts } from "../../../gateway/limits/timeouts.ts";
import { until } from "../../support/until.ts";

const unhurried: HttpTimeouts = { headers: 20_000, body: 20_000, request: 20_000, silence: 20_000, idle: 20_000 };

let server: Server;
afterEach(() => server.close());

/** A server with one route that takes a body, and a connection to it. */
async function open(timeouts: Partial<HttpTimeouts>) {
  const all = { ...unhurried, ...timeouts };
  const app = express();
  app.post("/", bodyWithin(all.body), express.raw({ type: () => true }), (request, response) => {
    response.end(`${(request.body as Buffer).length} bytes`);
  });
  app.post("/slow", express.raw({ type: () => true }), (_request, response) => {
    setTimeout(() => response.end("at last"), 400);
  });
  server = createHttpServer(app, all);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let text = "";
  socket.on("data", (data) => (text += data.toString()));
  // Whoever still writes when the connection is cut is told so in this way.
  socket.on("error", () => undefined);
  return { socket, closed: new Promise((resolve) => socket.once("close", resolve)), text: () => text };
}

describe("whoever keeps a server waiting", () => {
  it("with the head of a request is told so, and cut off", async () => {
    const { socket, closed, text } = await open({ headers: 100 });
    socket.write("POST / HTTP/1.1\r\nhost: x\r\n");
    await closed;
    expect(text()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("with a body that trickles is told so, and cut off", async () => {
    const { socket, closed, text } = await open({ body: 200 });
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    const trickle = setInterval(() => socket.write("x"), 20);
    await closed;
    clearInterval(trickle);
    expect(text()).toMatch(/^HTTP\/1\.1 408 /);
    expect(text()).toContain('{"error":"request_timeout"}');
  });

  it("with a form that trickles is waited for: it holds files", async () => {
    const { socket, text } = await open({ body: 50 });
    socket.write(
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 2\r\n\r\nx",
    );
    await sleep(150);
    socket.end("x");
    await once(socket, "close");
    expect(text()).toMatch(/^HTTP\/1\.1 200 [^]*2 bytes/);
  });

  it("by silence in the middle of a body is told so, and cut off", async () => {
    const { socket, closed, text } = await open({ silence: 100 });
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nx");
    await closed;
    expect(text()).toMatch(/^HTTP\/1\.1 408 /);
    expect(text()).toContain('{"error":"request_timeout"}');
  });

  it("is not cut off when it is the server that takes its time", async () => {
    const { socket, text } = await open({ silence: 100 });
    socket.write("POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx");
    await until("it answers", () => text() !== "", 5);
    expect(text()).toMatch(/^HTTP\/1\.1 200 [^]*at last/);
    socket.destroy();
  });

  it("between two requests is cut off", async () => {
    const { socket, closed, text } = await open({ idle: 50 });
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx");
    await closed;
    expect(text()).toMatch(/^HTTP\/1\.1 200 [^]*1 bytes/);
  });
});

describe("whoever takes a server for a proxy", () => {
  it("is told that it is none, and cut off", async () => {
    const { socket, closed, text } = await open({});
    socket.write("CONNECT elsewhere:443 HTTP/1.1\r\nhost: elsewhere:443\r\n\r\n");
    await closed;
    expect(text()).toMatch(/^HTTP\/1\.1 405 [^]*\{"error":"method_not_allowed"\}$/);
  });
});
