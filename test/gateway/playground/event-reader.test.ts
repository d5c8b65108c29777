import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sseHead, sseText } from "../../../gateway/jobs/live/sse.ts";
import { createEventReader } from "../../../gateway/playground/page/jobs/event-reader.js";

const readAll = (chunks: readonly string[]) => chunks.flatMap(createEventReader());

describe("the page's reader of events", () => {
  it("reads what the gateway writes, wherever it was cut", () => {
    const events = [
      { type: "state", data: { state: "queued", note: 'a: b\n\n"ü' }, id: 1 },
      { type: "preview", data: { data: "iVBOR" } },
      { type: "state", data: { state: "completed" }, id: 12 },
    ];
    const text = sseHead + events.map((event) => `:\n\n${sseText(event)}`).join("");
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (places) => {
        const cuts = [0, ...places.sort((a, b) => a - b), text.length];
        const chunks = cuts.slice(1).map((end, at) => text.slice(cuts[at], end));
        const read = readAll(chunks);
        expect(read.map(({ type, data }) => ({ type, data: JSON.parse(data) as unknown }))).toEqual(
          events.map(({ type, data }) => ({ type, data })),
        );
        expect(read.at(-1)?.id).toBe("12");
      }),
    );
  });

  it.each([
    ["data: a\ndata: b\n\n", ["a\nb"]],
    ["data:a\r\n\r\ndata: b\r\r", ["a", "b"]],
    ["data\n\ndata:  x\n\n", ["", " x"]],
    ["event: x\n\ndata: y\n\n", ["y"]],
    ["data: never ended\n", []],
    ["other: z\n:data: c\n\n", []],
  ])("takes %j as the standard has it", (text, data) => {
    expect(readAll([text]).map((event) => event.data)).toEqual(data);
    expect(readAll(Array.from(text)).map((event) => event.data)).toEqual(data);
  });

  it("gives an event without a type the standard's one, and keeps no type for the next", () => {
    for (const end of ["\n", "\r", "\r\n"]) {
      const text = ["event: x", "data: 1", "", "data: 2", "", ""].join(end);
      // A line's end may be cut as well.
      expect(readAll(Array.from(text)).map(({ type }) => type)).toEqual(["x", "message"]);
    }
  });
});
