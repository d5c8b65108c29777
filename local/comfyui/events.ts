import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { isForeign } from "./http/origin.ts";
import { isRecord } from "./http/request.ts";

export interface Events {
  /**
   * To one client, or to everybody. A client that is not there misses it: nothing is sent again.
   * @throws {TypeError} for data that JSON cannot carry, when somebody is there
   */
  send(event: string, data: Record<string, unknown>, clientId: string | undefined): void;
  sendBinary(message: Buffer, clientId: string): void;
  /** Whether this client has said that it can tell the metadata of a preview from the picture. */
  takesMetadata(clientId: string): boolean;
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
  const withMetadata = new Set<string>();
  const wss = new WebSocketServer({ noServer: true });

  server.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname !== "/ws" && url.pathname !== "/api/ws") {
      socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
      return;
    }
    if (isForeign(request.headers)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
      return;
    }
    wss.handleUpgrade(request, socket, head, (client) => {
      const sid = url.searchParams.get("clientId") || randomUUID().replaceAll("-", "");
      sockets.set(sid, client);
      // As ComfyUI does it: when a client is there twice, the end of its old socket silences the new one.
      client.on("close", () => {
        sockets.delete(sid);
        withMetadata.delete(sid);
      });
      client.on("error", () => client.terminate());
      client.once("message", (message) => {
        const flags = featureFlags(textOf(message));
        if (flags === undefined) return;
        if (flags["supports_preview_metadata"] === true) withMetadata.add(sid);
        send(client, "feature_flags", { ...features });
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
    sendBinary: (message, clientId) => sockets.get(clientId)?.send(message, () => undefined),
    takesMetadata: (clientId) => withMetadata.has(clientId),
    close: () => {
      for (const client of wss.clients) client.terminate();
    },
  };
}

function send(client: WebSocket, type: string, data: Record<string, unknown>): void {
  client.send(JSON.stringify({ type, data }), () => undefined);
}

const textOf = (message: unknown): string => (message instanceof Buffer ? message.toString("utf8") : "");

/** What a client says it can do; undefined when the message says something else. */
function featureFlags(text: string): Record<string, unknown> | undefined {
  try {
    const message = JSON.parse(text) as unknown;
    if (!isRecord(message) || message["type"] !== "feature_flags") return undefined;
    return isRecord(message["data"]) ? message["data"] : {};
  } catch {
    return undefined;
  }
}
