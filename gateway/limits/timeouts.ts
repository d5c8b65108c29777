import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { RequestHandler } from "express";
import { errorCodes } from "../../contract/api.ts";
import { isForm } from "../files/form.ts";
import { createServer } from "../net/node-http.ts";
import { lingerBeforeClose } from "./lingering.ts";
import { onlyRequests, refuseNonRequests } from "./non-requests.ts";

/** Milliseconds. */
export interface HttpTimeouts {
  /** For the head of a request. */
  headers: number;
  /** For the body of a request that is a document, not a file. */
  body: number;
  /** For a whole request: 2 GB take their time over a slow line. */
  request: number;
  /** For a connection on which nothing moves. */
  silence: number;
  /** For a connection between two requests. A proxy before us gives up after 100 s: it should be the one that closes. */
  idle: number;
}

export const usualTimeouts: HttpTimeouts = {
  headers: 30_000,
  body: 60_000,
  request: 3_600_000,
  silence: 120_000,
  idle: 110_000,
};

/** A server whose callers cannot keep it waiting for ever, and are told when they tried. */
export function createHttpServer(listener: RequestListener, timeouts: HttpTimeouts): Server {
  const server = createServer(
    { connectionsCheckingInterval: Math.min(5000, timeouts.headers) },
    onlyRequests(listener),
  );
  server.headersTimeout = timeouts.headers;
  server.requestTimeout = timeouts.request;
  server.timeout = timeouts.silence;
  server.keepAliveTimeout = timeouts.idle;
  // Without a listener a connection on which nothing moves is closed, whatever is owed to it.
  server.on("request", (request, response) => {
    response.on("timeout", () => {
      if (response.headersSent) request.destroy();
      // Else we are the ones who take their time.
      else if (!request.complete) giveUp(request, response, 0);
    });
  });
  refuseNonRequests(server);
  lingerBeforeClose(server);
  return server;
}

/** @param lingerMs time to read the answer in, for whoever still writes: what was sent and not read breaks the connection */
function giveUp(request: IncomingMessage, response: ServerResponse, lingerMs: number): void {
  // Nobody is to go on with the body when the rest of it comes after all.
  request.unpipe();
  request.pause();
  const body = JSON.stringify({ error: errorCodes.requestTimeout });
  const headers = { "content-type": "application/json; charset=utf-8", "content-length": body.length };
  response.writeHead(408, { ...headers, connection: "close" });
  response.write(body, () => setTimeout(() => request.destroy(), lingerMs));
}

/** Answers 408 when a document has not come within that time, however busily it trickles. A form may hold large files. */
export function bodyWithin(milliseconds: number): RequestHandler {
  return (request, response, next) => {
    if (isForm(request)) {
      next();
      return;
    }
    const timer = setTimeout(() => {
      if (!request.complete && !response.headersSent) giveUp(request, response, 1000);
    }, milliseconds);
    const stop = (): void => clearTimeout(timer);
    request.once("end", stop);
    response.once("close", stop);
    next();
  };
}
