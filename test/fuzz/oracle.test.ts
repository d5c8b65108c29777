import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { problemOf } from "./oracle.ts";
import { secret } from "./stage.ts";
import { exchange } from "./wire/exchange.ts";
import type { Message } from "./wire/message.ts";

const message: Message = {
  method: "GET",
  target: "/healthz",
  version: "HTTP/1.1",
  headers: [["host", "x"]],
  body: Buffer.alloc(0),
  framing: "own",
  behind: Buffer.alloc(0),
  pace: { kind: "at once" },
};

let server: ReturnType<typeof createServer>;
afterEach(() => server.close());

/** What is wrong with a server that does that when a request comes. */
async function problem(reply: (socket: Socket) => void, changed: Partial<Message> = {}): Promise<string | undefined> {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => reply(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sent = { ...message, ...changed };
  return problemOf(sent, await exchange(sent, (server.address() as AddressInfo).port, 0.3));
}

const json = (status: string, body: unknown, more = ""): string => {
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${more}content-length: ${text.length}\r\n\r\n${text}`;
};
const ready = { status: "ok", phase: "ready" };

describe("a gateway that", () => {
  it.each<[string, string, Partial<Message>?]>([
    ["answers as the document has it", json("200 OK", ready)],
    ["answers after it was told to go on", `HTTP/1.1 100 Continue\r\n\r\n${json("200 OK", ready)}`],
    ["refuses with an error's body", json("400 Bad Request", { error: "VALIDATION_ERROR" })],
    ["refuses as Node does by itself", "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"],
    ["drains", json("503 Service Unavailable", { status: "draining", phase: "ready" })],
    ["answers a HEAD without a body", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", { method: "HEAD" }],
  ])("%s is right", async (_, text, changed = {}) => {
    expect(await problem((socket) => socket.end(text), changed)).toBeUndefined();
  });

  it.each<[string, string, RegExp]>([
    ["says nothing", "", /^the connection was closed without an answer$/],
    ["says something else", "hello\r\n\r\n", /closed without an answer, but "hello/],
    ["breaks off", json("200 OK", ready).slice(0, -1), /^an answer of 200 that breaks off$/],
    ["fails", json("500 Oops", { error: "internal_error" }), /^an answer of 500/],
    ["is not ready", json("503 Oops", { status: "starting", phase: "comfyui" }), /^an answer of 503/],
    ["says more than it announced", `${json("200 OK", ready)}x`, /^something behind the answer: "x"$/],
    [
      "tells what lies beside its data",
      json("404 No", { error: "not_found", detail: secret }),
      /^an answer that tells/,
    ],
    ["answers what no document has", json("200 OK", { ...ready, status: "fine" }), /document does not have/],
    [
      "answers in another type",
      "HTTP/1.1 404 No\r\ncontent-type: text/html\r\ncontent-length: 1\r\n\r\nx",
      /document does not have/,
    ],
  ])("%s is wrong", async (_, text, problemText) => {
    expect(await problem((socket) => socket.end(text))).toMatch(problemText);
  });

  it("closes its connections at once is wrong", async () => {
    expect(await problem((socket) => socket.destroy())).toBe("the connection was closed without an answer");
  });

  it("never answers is wrong", async () => {
    expect(await problem(() => undefined)).toBe("no answer");
  });

  it("answers one of two requests is wrong", async () => {
    const behind = Buffer.from("GET /healthz HTTP/1.1\r\n\r\n");
    expect(await problem((socket) => socket.end(json("200 OK", ready)), { behind })).toBe("an answer is missing");
    expect(await problem((socket) => socket.end(json("200 OK", ready).repeat(2)), { behind })).toBeUndefined();
  });
});
