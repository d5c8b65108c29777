import fc from "fast-check";
import { bytesOf, headOf, type Message } from "../wire/message.ts";
import { hasBody, type Mutation, oneOf } from "./mutation.ts";

const withBody = (message: Message): Message =>
  message.body.length < 2 ? { ...message, body: Buffer.alloc(50, "x"), framing: "length" } : message;

/** Requests that take their time. The gateway they are for has little patience. */
export const paceMutations: readonly Mutation[] = [
  {
    name: "pace: a body that trickles",
    fits: hasBody,
    change: oneOf(fc.record({ bytes: fc.integer({ min: 1, max: 40 }), pauseMs: fc.nat(4) }), (message, pace) => ({
      ...withBody(message),
      pace: { kind: "pieces", ...pace },
    })),
  },
  {
    name: "pace: a head that trickles",
    change: oneOf([1, 3, 10], (message, bytes) => ({
      ...message,
      instead: bytesOf(message),
      pace: { kind: "pieces", bytes, pauseMs: 1 },
    })),
  },
  {
    name: "pace: a head that stops",
    change: oneOf(fc.double({ min: 0, max: 1, noNaN: true }), (message, part) => {
      const { length } = headOf(message);
      return {
        ...message,
        pace: { kind: "stall", upTo: Math.max(1, Math.min(length - 3, Math.floor(length * part))) },
      };
    }),
    isSlow: true,
  },
  {
    name: "pace: a body that stops",
    fits: hasBody,
    change: oneOf(fc.double({ min: 0, max: 1, noNaN: true }), (message, part) => {
      const whole = withBody(message);
      const head = headOf(whole).length;
      const upTo = head + Math.floor((bytesOf(whole).length - head - 1) * part);
      return { ...whole, pace: { kind: "stall", upTo } };
    }),
    isSlow: true,
  },
  {
    name: "pace: a body that never ends",
    fits: hasBody,
    change: oneOf(["length", "chunked"] as const, (message, framing) => {
      if (framing === "chunked") {
        const { length } = message.body;
        const start = Buffer.concat([Buffer.from(`${length.toString(16)}\r\n`), message.body, Buffer.from("\r\n")]);
        // Only the look of it: the end of a chunked body is never written.
        return {
          ...message,
          framing,
          instead: Buffer.concat([headOf({ ...message, framing }), length === 0 ? Buffer.alloc(0) : start]),
          pace: { kind: "endless" },
        };
      }
      const long: Message = { ...message, framing: "own", headers: [...message.headers, ["content-length", "900000"]] };
      return { ...long, pace: { kind: "endless" } };
    }),
    isSlow: true,
  },
];
