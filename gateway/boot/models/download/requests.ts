import type { IncomingMessage, RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Answer, Ask } from "../../../../contract/models/source.ts";
import { Agent as HttpAgent, request as httpRequest } from "../../../net/node-http.ts";

export interface RequestsOptions {
  /** Longest silence of the other side. */
  silenceMs?: number;
  /** Certificates to trust besides the usual ones; PEM. */
  ca?: string;
}

/** HTTP as downloads need it: connections that are kept, no redirect followed, nothing unpacked. */
export interface Requests {
  get(url: URL, headers: Record<string, string>, abort: AbortSignal): Promise<IncomingMessage>;
  /** The same for looks at a source. */
  ask(abort: AbortSignal): Ask;
  /** Closes what is kept. */
  close(): void;
}

const shortBody = 64 * 1024;
const longestJson = 4 * 1024 ** 2;

export function createRequests({ silenceMs = 30_000, ca }: RequestsOptions = {}): Requests {
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true, ...(ca !== undefined && { ca }) }),
  };

  const get = (url: URL, headers: Record<string, string>, abort: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const isSecure = url.protocol === "https:";
      const options: RequestOptions = {
        headers: { "user-agent": "comfy-endpoints", "accept-encoding": "identity", ...headers },
        agent: isSecure ? agents.https : agents.http,
        timeout: silenceMs,
        signal: abort,
      };
      const request = (isSecure ? httpsRequest : httpRequest)(url, options, resolve);
      request.on("error", reject);
      request.on("timeout", () => request.destroy(new Error(`nothing came for ${silenceMs / 1000} s`)));
      request.end();
    });

  return {
    get,
    ask: (abort) => ({
      head: async (url, headers) => {
        const response = await get(url, headers, abort);
        // A short body is read off, so that the connection can be used again.
        if (Number(response.headers["content-length"] ?? Infinity) <= shortBody) response.resume();
        else response.destroy();
        return answerOf(response);
      },
      json: async (url, headers) => {
        const response = await get(url, headers, abort);
        let text = "";
        for await (const chunk of response) {
          text += String(chunk);
          if (text.length > longestJson) throw new Error(`${url.href} answers with too much`);
        }
        return response.statusCode === 200 ? (JSON.parse(text) as unknown) : undefined;
      },
    }),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** The head of a message. */
export function answerOf({ statusCode = 0, headers }: IncomingMessage): Answer {
  return {
    status: statusCode,
    header: (name) => {
      const value = headers[name.toLowerCase()];
      return value === undefined ? null : String(value);
    },
  };
}
