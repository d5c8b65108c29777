import { z } from "zod";
import type { LogLine } from "../host/container-log.ts";

/** Where a line stands in a pod's log: its time, and its number among the lines of the same millisecond. */
export interface LogPosition {
  /** Milliseconds since the epoch. */
  time: number;
  number: number;
}

export interface PlacedLine extends LogLine {
  at: LogPosition;
}

export function placed(lines: readonly LogLine[]): PlacedLine[] {
  let last: LogPosition = { time: Number.NEGATIVE_INFINITY, number: 0 };
  return lines.map((line) => {
    const time = Date.parse(line.time);
    last = { time, number: time === last.time ? last.number + 1 : 1 };
    return { ...line, at: last };
  });
}

export const isAfter = (one: LogPosition, other: LogPosition): boolean =>
  one.time > other.time || (one.time === other.time && one.number > other.number);

/** `2026-06-01T12:02:03Z/000000000001`, as the vendor's example has it. */
export const eventId = ({ time, at }: PlacedLine): string => `${time}/${String(at.number).padStart(12, "0")}`;

const time = z.iso.datetime({ offset: true });

/** Before everything of that moment. */
export const since = time.transform((text): LogPosition => ({ time: Date.parse(text), number: 0 }));

/** An id of an event, or a time alone: after everything of that moment. */
export const lastEventId = z
  .templateLiteral([time, z.union([z.literal(""), z.templateLiteral(["/", z.int()])])])
  .transform((text): LogPosition => {
    const [moment = "", number] = text.split("/");
    return { time: Date.parse(moment), number: number === undefined ? Number.POSITIVE_INFINITY : Number(number) };
  });
