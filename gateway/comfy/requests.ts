import type { IncomingMessage, RequestOptions } from "node:http";
import { request as requestSecure, Agent as SecureAgent } from "node:https";
import { text } from "node:stream/consumers";
import { Agent, request as requestPlain } from "../net/node-http.ts";

export interface Reply {
  status: number;
  /** Whether the status is one of success. */
  ok: boolean;
  contentType: string | undefined;
  body: AsyncIterable<Uint8Array>;
  text(): Promise<string>;
  /** Ends it when nobody reads the body; the connection serves again. */
  drop(): void;
}

/** @throws when there is no answer, or `signal` fires; without one also when nothing moves for a while */
export type Ask = (path: string, more: { signal?: AbortSignal | undefined; json?: unknown }) => Promise<Reply>;

const silenceMs = 30_000;

/**
 * Asks a server over connections that stay open. Not with fetch, which takes twice as long over loopback: it is on the way
 * of every job, three times.
 * @returns GET, or POST with the JSON
 */
export function createAsk(baseUrl: string): Ask {
  const isSecure = baseUrl.startsWith("https:");
  const request = isSecure ? requestSecure : requestPlain;
  const agent = isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
  // Taken apart once, not for every request.
  const { hostname, port, pathname } = new URL(baseUrl);
  const server = { agent, host: hostname.replace(/^\[|\]$/g, ""), port };
  const prefix = pathname === "/" ? "" : pathname;
  return (path, { signal, json }) =>
    new Promise((resolve, reject) => {
      const body = json === undefined ? undefined : JSON.stringify(json);
      const options: RequestOptions = { ...server, path: `${prefix}${path}` };
      if (signal === undefined) options.timeout = silenceMs;
      else options.signal = signal;
      if (body !== undefined) {
        options.method = "POST";
        options.headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      }
      const sent = request(options, (message) => resolve(replyOf(message)));
      sent.on("error", reject);
      sent.on("timeout", () => sent.destroy(new Error(`nothing came for ${silenceMs / 1000} s`)));
      sent.end(body);
    });
}

function replyOf(message: IncomingMessage): Reply {
  const { statusCode: status = 0 } = message;
  return {
    status,
    ok: status >= 200 && status < 300,
    contentType: message.headers["content-type"],
    body: message,
    text: () => text(message),
    drop: () => {
      // It may break off after that: nobody cares.
      message.on("error", () => undefined);
      message.resume();
    },
  };
}
