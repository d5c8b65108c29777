import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import type { WebhookEvent } from "../../contract/api.ts";

export const webhookSecret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

export interface Received {
  id: string;
  path: string;
  headers: IncomingHttpHeaders;
  event: WebhookEvent;
}

export interface WebhookReceiver {
  url: string;
  /** What came in, verified by the standard's own library. */
  received: Received[];
  /** What the next requests are answered with; then 200. `silent` gives no answer; a refusal may ask for a wait. */
  answers: (number | "silent" | "drop" | { status: number; retryAfter: string })[];
  /** How many are being answered at the same time, at most. */
  atOnce: number;
  /** Answers wait for it. */
  hold: Promise<void>;
  close(): Promise<void>;
}

/** Somebody who gets webhooks: over real HTTP, on loopback. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  let busy = 0;
  const server = createServer((request, response) => {
    const receive = async (): Promise<void> => {
      busy += 1;
      receiver.atOnce = Math.max(receiver.atOnce, busy);
      const headers = request.headers as Record<string, string>;
      const event = new Webhook(webhookSecret).verify(await text(request), headers) as WebhookEvent;
      receiver.received.push({ id: headers["webhook-id"] ?? "", path: request.url ?? "", headers, event });
      const answer = receiver.answers.shift() ?? 200;
      await receiver.hold;
      busy -= 1;
      if (answer === "drop") request.socket.destroy();
      else if (typeof answer === "number") response.writeHead(answer, { location: receiver.url }).end("thanks");
      else if (answer !== "silent") response.writeHead(answer.status, { "retry-after": answer.retryAfter }).end();
    };
    receive().catch((error: unknown) => response.writeHead(400).end(String(error)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    answers: [],
    atOnce: 0,
    hold: Promise.resolve(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
}
