/** One server-sent event. */
export interface StreamEvent {
  type: string;
  data: string;
  /** Id of this event, or of the latest before it that had one; empty when none had. */
  id: string;
}

/**
 * The events of a `text/event-stream`, as they come; comments are passed over.
 * @param onLife told of everything that comes, comments too
 */
export async function* eventsOf(
  body: AsyncIterable<Uint8Array>,
  onLife: () => void = () => undefined,
): AsyncGenerator<StreamEvent> {
  let event = { type: "message", data: [] as string[] };
  let id = "";
  for await (const line of linesOf(body, onLife)) {
    if (line === "") {
      if (event.data.length > 0) yield { type: event.type, data: event.data.join("\n"), id };
      event = { type: "message", data: [] };
      continue;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") event.type = value;
    else if (field === "data") event.data.push(value);
    // An id with a NUL is none, says the standard.
    else if (field === "id" && !value.includes("\0")) id = value;
  }
}

/** Lines that end in CR, LF, or both. */
async function* linesOf(body: AsyncIterable<Uint8Array>, onLife: () => void): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    onLife();
    text += decoder.decode(chunk, { stream: true });
    // A CR at the end may be half of a CRLF.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    text = lines.pop() ?? "";
    yield* lines;
  }
}
