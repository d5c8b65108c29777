import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A request as it is written to a socket: more can be wrong with it than any client would send. */
export interface Message {
  method: string;
  target: string;
  version: string;
  /** Names and values as bytes: no character is above U+00FF. */
  headers: readonly Header[];
  body: Buffer;
  /** How the end of the body is told; `own` leaves that to the headers. */
  framing: "length" | "chunked" | "own";
  /** Written behind it, as if it belonged to it. */
  behind: Buffer;
  /** Written instead of all that. */
  instead?: Buffer;
  pace: Pace;
}

export type Header = readonly [name: string, value: string];

/**
 * How it is written: at once; in pieces of so many bytes with pauses between; up to there, with silence after it (`stall`) or
 * the end of the connection's sending half (`end`), both with `upTo` in bytes, from the end when negative; or with a body to
 * which a byte is added again and again (`endless`).
 */
export type Pace =
  | { kind: "at once" }
  | { kind: "pieces"; bytes: number; pauseMs: number }
  | { kind: "stall" | "end"; upTo: number }
  | { kind: "endless" };

/** Ids that a message may name before they are known: `JOB_0_ID`, `FILE_3_ID`. */
export type Ids = Record<"JOB" | "FILE", readonly string[]>;

/** The message with ids of things that are there, where there are any. */
export function withIds(message: Message, ids: Ids): Message {
  const filled = (text: string): string =>
    text.replaceAll(/(JOB|FILE)_(\d)_ID/g, (token, kind: keyof Ids, at: string) => {
      const known = ids[kind];
      return known[Number(at) % known.length] ?? token;
    });
  return {
    ...message,
    target: filled(message.target),
    headers: message.headers.map(([name, value]) => [name, filled(value)]),
    body: Buffer.from(filled(message.body.toString("latin1")), "latin1"),
  };
}

export const withHeader = (message: Message, name: string, value: string): Message => ({
  ...message,
  headers: [...without(message, name).headers, [name, value]],
});

export const without = (message: Message, name: string): Message => ({
  ...message,
  headers: message.headers.filter(([other]) => other.toLowerCase() !== name),
});

/** UTF-8 as a header carries it. */
export const headerText = (text: string): string => Buffer.from(text).toString("latin1");

export function headOf({ method, target, version, headers, framing, body }: Message): Buffer {
  const lines = [
    `${method} ${target}${version === "" ? "" : ` ${version}`}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(framing === "length" ? [`content-length: ${body.length}`] : []),
    ...(framing === "chunked" ? ["transfer-encoding: chunked"] : []),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

export function bytesOf(message: Message): Buffer {
  if (message.instead !== undefined) return message.instead;
  return Buffer.concat([headOf(message), bodyOf(message), message.behind]);
}

function bodyOf({ framing, body }: Message): Buffer {
  if (framing !== "chunked") return body;
  const size = (length: number): Buffer => Buffer.from(`${length.toString(16)}\r\n`);
  const end = Buffer.from("\r\n");
  const middle = Math.ceil(body.length / 2);
  const chunks = [body.subarray(0, middle), body.subarray(middle)].filter(({ length }) => length > 0);
  return Buffer.concat([...chunks.flatMap((chunk) => [size(chunk.length), chunk, end]), size(0), end]);
}

/** Writes a message at its pace, as long as the other side takes it and has not answered. */
export async function send(message: Message, socket: Socket, isAnswered: () => boolean): Promise<void> {
  const bytes = bytesOf(message);
  const { pace } = message;
  const write = async (piece: Buffer): Promise<void> => {
    if (!socket.writable || socket.write(piece)) return;
    const free = new AbortController();
    const over = (event: string): Promise<unknown> =>
      once(socket, event, { signal: free.signal }).catch(() => undefined);
    await Promise.race([over("drain"), over("close")]);
    free.abort();
  };
  switch (pace.kind) {
    case "at once":
      // Not in one piece: who is answered in the middle may stop.
      for (let at = 0; at < bytes.length && !isAnswered(); at += 65_536) await write(bytes.subarray(at, at + 65_536));
      return;
    case "pieces": {
      const head = message.instead === undefined ? headOf(message).length : 0;
      // Large bodies in as many pieces as small ones.
      const size = Math.max(pace.bytes, Math.ceil(bytes.length / 20));
      const start = Math.min(head, pace.bytes * 3);
      await write(bytes.subarray(0, start));
      for (let at = start; at < bytes.length && !isAnswered(); at += size) {
        await sleep(pace.pauseMs);
        await write(bytes.subarray(at, at + size));
      }
      return;
    }
    case "stall":
    case "end":
      await write(bytes.subarray(0, pace.upTo));
      if (pace.kind === "end") socket.end();
      return;
    case "endless":
      await write(bytes);
      while (!isAnswered() && socket.writable) {
        await write(Buffer.from(message.framing === "chunked" ? "1\r\n \r\n" : " "));
        await sleep(50);
      }
  }
}
