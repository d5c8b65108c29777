import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** A caller whose connections stay open. Throws for every answer that is not one of success. */
export interface Client {
  /** GET, or POST of the JSON; answers the body. */
  ask: (path: string, json?: unknown, headers?: Record<string, string>) => Promise<Buffer>;
  /** The same, with the body as it comes. */
  open: (path: string, json?: unknown, headers?: Record<string, string>) => Promise<IncomingMessage>;
}

export function createClient(baseUrl: string, headers: Record<string, string> = {}): Client {
  const agent = new Agent({ keepAlive: true });
  const open: Client["open"] = async (path, json, more) => {
    const method = json === undefined ? "GET" : "POST";
    const sent = request(`${baseUrl}${path}`, { agent, method, headers: { ...headers, ...more } });
    sent.end(json === undefined ? undefined : JSON.stringify(json));
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const { statusCode = 0 } = answer;
    if (statusCode < 200 || statusCode >= 300) {
      throw new Error(`${method} ${path} answered ${statusCode} ${(await buffer(answer)).toString()}`);
    }
    return answer;
  };
  return { open, ask: async (...request) => buffer(await open(...request)) };
}

export const jsonOf = (body: Buffer): unknown => JSON.parse(body.toString());
