import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventsOf, type StreamEvent } from "../../../cli/http/event-stream.ts";

async function read(...chunks: Uint8Array[]): Promise<StreamEvent[]> {
  const read: StreamEvent[] = [];
  for await (const event of eventsOf(ReadableStream.from(chunks))) read.push(event);
  return read;
}
const bytes = (text: string) => new TextEncoder().encode(text);

const stream =
  'id: 1\nevent: state\ndata: {"a":\ndata: 1}\n\n: still here\r\n\r\ndata:höher\r\rid: 2\nevent: empty\n\n';
const events = [
  { type: "state", data: '{"a":\n1}', id: "1" },
  { type: "message", data: "höher", id: "1" },
];

describe("an event stream", () => {
  it("is read by the standard: fields, comments, every kind of line end, and ids that last", async () => {
    expect(await read(bytes(stream))).toEqual(events);
    expect(await read(bytes(`${stream}data: x\n\n`))).toEqual([...events, { type: "message", data: "x", id: "2" }]);
  });

  it("gives no event whose end never came", async () => {
    expect(await read(bytes("data: whole\n\ndata: half\n"))).toEqual([{ type: "message", data: "whole", id: "" }]);
  });

  it("may be cut anywhere on its way", async () => {
    const whole = bytes(stream);
    const cuts = fc.array(fc.nat(whole.length)).map((at) => [0, ...at.sort((a, b) => a - b), whole.length]);
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        const chunks = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        expect(await read(...chunks)).toEqual(events);
      }),
    );
  });
});
