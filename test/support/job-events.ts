import { eventsOf, type StreamEvent } from "../../cli/http/event-stream.ts";
import type { TestGateway } from "./gateway.ts";
import { until } from "./until.ts";

/** A job's event stream, read as it comes. */
export interface OpenStream {
  response: Response;
  /** What came so far. */
  events: StreamEvent[];
  /** How often anything came, comments too. */
  chunks(): number;
  /** Waits until so many events of that type came. */
  came(type: string, count?: number): Promise<void>;
  /** Ends when the stream does; answers its events. */
  ended: Promise<StreamEvent[]>;
  close(): Promise<void>;
}

export async function openStream(gateway: TestGateway, jobId: string, init: RequestInit = {}): Promise<OpenStream> {
  const abort = new AbortController();
  const response = await gateway.request(`/jobs/${jobId}/events`, { ...init, signal: abort.signal });
  if (response.status !== 200 || response.body === null) {
    throw new Error(`GET /jobs/${jobId}/events answered ${response.status} ${await response.text()}`);
  }
  const { body } = response;
  const events: StreamEvent[] = [];
  let chunks = 0;
  const read = async (): Promise<StreamEvent[]> => {
    for await (const event of eventsOf(body, () => (chunks += 1))) events.push(event);
    return events;
  };
  const ended = read().catch((error: unknown) => {
    if (abort.signal.aborted) return events;
    throw error;
  });
  return {
    response,
    events,
    chunks: () => chunks,
    came: (type, count = 1) =>
      until(`${count} ${type}`, () => events.filter((event) => event.type === type).length >= count),
    ended,
    close: async () => {
      abort.abort();
      await ended;
    },
  };
}

/** An event's data. */
export const dataOf = (event: StreamEvent | undefined): unknown => JSON.parse(event?.data ?? "null");
