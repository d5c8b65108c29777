import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream";

/**
 * Ends an answer that may come before its request has: what is left of that is read and dropped first. The connection of
 * whoever still writes would break otherwise, and the answer with it.
 */
export function endEarly(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  response.setHeader("content-length", body.length);
  response.write(body);
  const timer = setTimeout(() => request.destroy(), longestMs);
  finished(request, () => {
    clearTimeout(timer);
    response.end();
  });
  request.resume();
}

const longestMs = 30_000;
