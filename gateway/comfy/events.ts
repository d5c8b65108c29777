import { WebSocket } from "ws";
import { z } from "zod";
import type { Log } from "../log.ts";

export interface ComfyEventsOptions {
  /** ComfyUI's HTTP address. */
  url: string;
  /** Events of prompts submitted with this id come here. */
  clientId: string;
  /** A prompt has just ended, or is about to: its history is worth a look. */
  onPromptEnd: (promptId: string) => void;
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
  const { url, clientId, onPromptEnd, onConnected, log, pingMs = 10_000, reconnectMs = 250 } = options;
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
      onConnected();
    });
    connection.on("pong", () => {
      alive = true;
    });
    connection.on("message", (data, isBinary) => {
      alive = true;
      if (isBinary) return;
      const promptId = endedPrompt((data as Buffer).toString());
      if (promptId !== undefined) onPromptEnd(promptId);
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

const endEvents = ["execution_success", "execution_error", "execution_interrupted"];
const eventSchema = z.object({
  type: z.string(),
  data: z.object({ prompt_id: z.string().optional(), node: z.unknown() }),
});

/** The prompt that a message says has ended; undefined for every other message. */
function endedPrompt(message: string): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(message);
  } catch {
    // A NaN in somebody's progress: nothing that ends a prompt.
    return undefined;
  }
  const { success, data: event } = eventSchema.safeParse(document);
  if (!success) return undefined;
  const ended = endEvents.includes(event.type) || (event.type === "executing" && event.data.node === null);
  return ended ? event.data.prompt_id : undefined;
}
