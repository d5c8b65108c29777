import { createServer, type RequestListener, type Server } from "node:http";
import type { RequestHandler } from "express";
import { errorCodes } from "../../contract/api.ts";
import { isForm } from "../files/form.ts";

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

/** A server whose callers cannot keep it waiting for ever. */
export function createHttpServer(listener: RequestListener, timeouts: HttpTimeouts): Server {
  const server = createServer({ connectionsCheckingInterval: Math.min(5000, timeouts.headers) }, listener);
  server.headersTimeout = timeouts.headers;
  server.requestTimeout = timeouts.request;
  server.timeout = timeouts.silence;
  server.keepAliveTimeout = timeouts.idle;
  return server;
}

/** Answers 408 when a document has not come within that time, however busily it trickles. A form may hold large files. */
export function bodyWithin(milliseconds: number): RequestHandler {
  return (request, response, next) => {
    if (isForm(request)) {
      next();
      return;
    }
    const timer = setTimeout(() => {
      if (request.complete || response.headersSent) return;
      response.once("finish", () => request.destroy());
      response.status(408).set("connection", "close").json({ error: errorCodes.requestTimeout });
    }, milliseconds);
    const stop = (): void => clearTimeout(timer);
    request.once("end", stop);
    response.once("close", stop);
    next();
  };
}
