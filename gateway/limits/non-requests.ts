import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type ErrorBody, errorCodes } from "../../contract/api.ts";
import { STATUS_CODES } from "../net/node-http.ts";
import { hangUp } from "./lingering.ts";

/**
 * Answers what no route sees, as routes answer errors: what Node's parser cannot read, and requests for a tunnel. Node would
 * break such connections, and its answer could be lost with them.
 */
export function refuseNonRequests(server: Server): void {
  const latest = new WeakMap<Duplex, { request: IncomingMessage; response: ServerResponse }>();
  const refused = new WeakSet<Duplex>();
  server.on("request", (request, response) => latest.set(request.socket, { request, response }));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // Told again of everything that comes after it.
    if (refused.has(socket)) return;
    refused.add(socket);
    const { request, response } = latest.get(socket) ?? {};
    const isOwed = response !== undefined && !response.writableFinished;
    if (isOwed && request?.complete === true) {
      // What is wrong is behind it: it has its answer, which is the last one.
      response.once("finish", () => hangUp(socket));
    } else if (isOwed && response.headersSent) socket.destroy();
    else if (socket.writable) refuse(socket, statusOf(error.code), bodyOf(statusOf(error.code)));
  });
  server.on("connect", (_request, socket) => refuse(socket, 405, { error: errorCodes.methodNotAllowed }));
}

/**
 * Keeps requests from their handlers whose body has no end that the parser could find: it refuses them, but only when they
 * are under way, and a file would be deleted whose caller is told that nothing was done.
 */
export const onlyRequests =
  (listener: RequestListener): RequestListener =>
  (request, response) => {
    const encoding = request.headers["transfer-encoding"];
    if (encoding === undefined || /(^|,)[ \t]*chunked$/i.test(encoding)) listener(request, response);
  };

const statuses: Partial<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const statusOf = (code = ""): number => statuses[code] ?? 400;

function bodyOf(status: number): ErrorBody {
  if (status === 408) return { error: errorCodes.requestTimeout };
  if (status === 400) return { error: errorCodes.validation, detail: "invalid_request" };
  return { error: errorCodes.payloadTooLarge };
}

function refuse(socket: Duplex, status: number, error: ErrorBody): void {
  const body = JSON.stringify(error);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "connection: close",
    "content-type: application/json; charset=utf-8",
    `content-length: ${body.length}`,
    ...(status === 405 ? ["allow: GET, HEAD, POST, PUT, DELETE"] : []),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  hangUp(socket);
}
