/** An event of a stream as `text/event-stream` has it. */
export interface SseEvent {
  type: string;
  data: unknown;
  /** Of events that can be had again. */
  id?: number;
}

/** JSON has no line breaks of its own, so that the data is one line. */
export const sseText = ({ type, data, id }: SseEvent): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;

/** Nothing, said so that no proxy takes the connection for dead. */
export const heartbeat = ":\n\n";

/** How long a client waits before it connects again, in milliseconds. */
export const sseHead = "retry: 1000\n\n";
