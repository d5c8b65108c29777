import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";

/** Bytes up to, but without, `to`. */
export interface SentRange {
  from: number;
  to: number;
}

export interface ServedFile {
  bytes: Buffer;
  /** Whether parts are given; default yes. */
  ranges?: boolean;
  /** Of each connection. */
  bytesPerSecond?: number;
  headers?: Record<string, string>;
}

export interface ModelRequest {
  path: string;
  headers: IncomingMessage["headers"];
  /** What was asked for; undefined for all of it. */
  range: SentRange | undefined;
}

/** A server that has models, and whatever fault a test gives it. */
export interface ModelServer {
  url(path: string): string;
  files: Map<string, ServedFile>;
  /** Called before a file is served; answers whether it answered by itself. */
  onRequest: (request: ModelRequest, response: ServerResponse) => boolean;
  requests: ModelRequest[];
  /** Bytes of bodies that were written, looks of one byte apart. */
  sentBytes(): number;
  close(): Promise<void>;
}

/** Bytes that look like nothing else, the same at each call. */
export function modelBytes(size: number, seed = "model"): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at * 64 < size; at++) pieces.push(createHash("sha512").update(`${seed} ${at}`).digest());
  return Buffer.concat(pieces).subarray(0, size);
}

export const sha256Of = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** @param tls key and certificate of the host, for https */
export async function startModelServer(tls?: { host: string; key: string; cert: string }): Promise<ModelServer> {
  let sent = 0;
  const listener: RequestListener = (message, response) => {
    const [, from, last] = /^bytes=(\d+)-(\d+)$/.exec(message.headers.range ?? "") ?? [];
    const range = from === undefined ? undefined : { from: Number(from), to: Number(last) + 1 };
    const request = { path: message.url ?? "", headers: message.headers, range };
    server.requests.push(request);
    if (server.onRequest(request, response)) return;
    const file = server.files.get(request.path);
    if (file === undefined) response.writeHead(404).end("not found");
    else serve(file, range, response, (bytes) => (sent += bytes));
  };
  const http = tls === undefined ? createHttp(listener) : createHttps(tls, listener);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const origin = `${tls === undefined ? "http" : "https"}://${tls?.host ?? "127.0.0.1"}:${(http.address() as AddressInfo).port}`;
  const server: ModelServer = {
    url: (path) => origin + path,
    files: new Map(),
    onRequest: () => false,
    requests: [],
    sentBytes: () => sent,
    close: async () => {
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
  return server;
}

/** Answers with a file, or with the part that was asked for. */
export function serve(
  { bytes, ranges = true, bytesPerSecond, headers = {} }: ServedFile,
  asked: SentRange | undefined,
  response: ServerResponse,
  count: (bytes: number) => void = () => undefined,
): void {
  const range = ranges ? asked : undefined;
  const body = range === undefined ? bytes : bytes.subarray(range.from, range.to);
  const usual = { "content-length": body.length, "content-type": "application/octet-stream", ...headers };
  const part = range && {
    "content-range": `bytes ${range.from}-${Math.min(range.to, bytes.length) - 1}/${bytes.length}`,
  };
  response.writeHead(range === undefined ? 200 : 206, { ...usual, ...part });
  if (bytesPerSecond === undefined) {
    response.end(body);
    if (body.length > 1) count(body.length);
    return;
  }
  const since = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(body.length, Math.ceil(((performance.now() - since) / 1000) * bytesPerSecond));
    if (due > sent && !response.writableNeedDrain) {
      response.write(body.subarray(sent, due));
      if (body.length > 1) count(due - sent);
      sent = due;
    }
    if (sent < body.length && !response.destroyed) return;
    clearInterval(timer);
    response.end();
  }, 10);
}
