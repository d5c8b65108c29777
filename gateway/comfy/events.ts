import { WebSocket } from "ws";
import type { Log } from "../log.ts";
import { binaryEvent, type ComfyEvent, textEvent } from "./frames.ts";

export interface ComfyEventsOptions {
  /** ComfyUI's HTTP address. */
  url: string;
  /** Events of prompts submitted with this id come here. */
  clientId: string;
  onEvent: (event: ComfyEvent) => void;
  /** A connection stands; what happened before it was missed. */
  onConnected: () => void;
  log: Log;
  /** How often the connection is tried; one that stays silent that long is given up. */
  pingMs?: number;
  reconnectMs?: number;
}

/** ComfyUI's websocket, connected for as long as it is open: a hint when to look, never the truth. */
export interface ComfyEvents {
  open(): void;
  close(): Promise<void>;
}

export function createComfyEvents(options: ComfyEventsOptions): ComfyEvents {
  const { url, clientId, onEvent, onConnected, log, pingMs = 10_000, reconnectMs = 250 } = options;
  const address = `${url.replace(/^http/, "ws")}/ws?clientId=${clientId}`;
  let socket: WebSocket | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  let closing: (() => void) | undefined;

  const connect = (): void => {
    const connection = new WebSocket(address, { handshakeTimeout: 5000, perMessageDeflate: false });
    socket = connection;
    let alive = true;
    let connected = false;
    // ComfyUI sends no heartbeat: without one of our own a dead connection looks like a quiet one.
    const heartbeat = setInterval(() => {
      if (!alive) connection.terminate();
      alive = false;
      if (connection.readyState === WebSocket.OPEN) connection.ping();
    }, pingMs);
    connection.on("open", () => {
      connected = true;
      connection.send(features);
      onConnected();
    });
    connection.on("pong", () => {
      alive = true;
    });
    connection.on("message", (data, isBinary) => {
      alive = true;
      const event = isBinary ? binaryEvent(data as Buffer) : textEvent((data as Buffer).toString());
      if (event !== undefined) onEvent(event);
    });
    // A failed connection closes too, and that is where it is dealt with.
    connection.on("error", () => undefined);
    connection.on("close", () => {
      clearInterval(heartbeat);
      socket = undefined;
      if (connected && !closed) log.warn("comfyui websocket lost");
      closing?.();
      // Only now: when the old connection closes, ComfyUI forgets whichever has the same id.
      if (!closed) retry = setTimeout(connect, reconnectMs);
    });
  };

  return {
    open: connect,
    close: () =>
      new Promise((resolve) => {
        closed = true;
        clearTimeout(retry);
        closing = resolve;
        if (socket === undefined) resolve();
        else socket.terminate();
      }),
  };
}

// With it ComfyUI tells which node a preview is of; one that does not know the message takes no notice.
const features = JSON.stringify({ type: "feature_flags", data: { supports_preview_metadata: true } });
