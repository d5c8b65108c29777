import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

export interface Events {
  /** To one client, or to everybody. A client that is not there misses it: nothing is sent again. */
  send(event: string, data: Record<string, unknown>, clientId: string | undefined): void;
  close(): void;
}

export interface EventsOptions {
  server: Server;
  /** `status` of a new client. */
  status: () => Record<string, unknown>;
  /** The node that runs for this client right now. */
  runningNode: (clientId: string) => string | undefined;
  features: object;
}

/** The websocket at /ws and /api/ws. */
export function createEvents({ server, status, runningNode, features }: EventsOptions): Events {
  const sockets = new Map<string, WebSocket>();
  const wss = new WebSocketServer({ noServer: true });

  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname !== "/ws" && url.pathname !== "/api/ws") {
      socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
      return;
    }
    wss.handleUpgrade(request, socket, head, (client) => {
      const sid = url.searchParams.get("clientId") || randomUUID().replaceAll("-", "");
      sockets.set(sid, client);
      // As ComfyUI does it: when a client is there twice, the end of its old socket silences the new one.
      client.on("close", () => sockets.delete(sid));
      client.on("error", () => client.terminate());
      client.once("message", (message) => {
        if (isFeatureFlags(textOf(message))) send(client, "feature_flags", { ...features });
      });
      send(client, "status", { ...status(), sid });
      const node = runningNode(sid);
      // Without a prompt_id: ComfyUI leaves it out here.
      if (node !== undefined) send(client, "executing", { node });
    });
  });

  return {
    send: (event, data, clientId) => {
      if (clientId === undefined) for (const client of sockets.values()) send(client, event, data);
      else {
        const client = sockets.get(clientId);
        if (client !== undefined) send(client, event, data);
      }
    },
    close: () => {
      for (const client of wss.clients) client.terminate();
    },
  };
}

function send(client: WebSocket, type: string, data: Record<string, unknown>): void {
  client.send(JSON.stringify({ type, data }), () => undefined);
}

const textOf = (message: unknown): string => (message instanceof Buffer ? message.toString("utf8") : "");

function isFeatureFlags(text: string): boolean {
  try {
    const message = JSON.parse(text) as unknown;
    return typeof message === "object" && message !== null && "type" in message && message.type === "feature_flags";
  } catch {
    return false;
  }
}
