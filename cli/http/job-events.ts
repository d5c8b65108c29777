import type { Connection } from "./connection.ts";
import { eventsOf, type StreamEvent } from "./event-stream.ts";

// A gateway says at least every half minute that it is there.
const mostSilenceMs = 45_000;

/**
 * A job's events as they happen, until the stream ends.
 * @param lastEventId the latest event that was seen, to go on after it; empty to begin
 */
export async function* jobEvents(
  connection: Connection,
  jobId: string,
  lastEventId: string,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const silence = new AbortController();
  const giveUp = (): void => silence.abort(new Error(`nothing came for ${mostSilenceMs / 1000} s`));
  const timer = setTimeout(giveUp, mostSilenceMs);
  try {
    const sent = await connection.send("jobEvents", {
      parameters: { id: jobId },
      headers: { accept: "text/event-stream", ...(lastEventId !== "" && { "last-event-id": lastEventId }) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    const { response, label } = sent;
    if (!response.ok) throw await connection.refusal(sent);
    // Nothing comes any more, and nothing was missed.
    if (response.status === 204 || response.body === null) return;
    try {
      yield* eventsOf(response.body, () => timer.refresh());
    } catch (cause) {
      signal.throwIfAborted();
      throw connection.brokenOff(label, cause);
    }
  } finally {
    clearTimeout(timer);
  }
}
