/** @typedef {{ type: string, data: string, id: string }} StreamEvent */

/**
 * Reads `text/event-stream`, cut anywhere. The browser's own reader sends no headers, and so no key.
 * @returns {(chunk: string) => StreamEvent[]} takes the next piece; gives the events that it made whole
 */
export function createEventReader() {
  let rest = "";
  let isAfterReturn = false;
  let id = "";
  let type = "";
  /** @type {string[]} */
  let data = [];

  /** @param {string} line @returns {StreamEvent[]} */
  const read = (line) => {
    if (line === "") {
      const event = { type: type === "" ? "message" : type, data: data.join("\n"), id };
      const isEvent = data.length > 0;
      type = "";
      data = [];
      return isEvent ? [event] : [];
    }
    const [, field = "", value = ""] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
    if (field === "event") type = value;
    else if (field === "data") data.push(value);
    else if (field === "id" && !value.includes("\0")) id = value;
    return [];
  };

  return (chunk) => {
    // A line ends with CR, LF or both, and the pair may be cut.
    const text = isAfterReturn && chunk.startsWith("\n") ? chunk.slice(1) : chunk;
    if (chunk !== "") isAfterReturn = chunk.endsWith("\r");
    const lines = (rest + text).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? "";
    return lines.flatMap(read);
  };
}
