import { type LoggerOptions, pino, stdTimeFunctions } from "pino";
import { UserError } from "../contract/errors.ts";

export type LogFields = Record<string, unknown>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A log that remembers its latest lines. */
export interface LogTail extends Log {
  /** So many of the latest lines, each with its newline. */
  tail(lines: number): readonly string[];
}

const remembered = 2000;
// A line of ComfyUI's may be anything.
const longest = 4096;

/** Fields never hold keys or input values, for whoever may read logs may not read those. Should one come in all the same: */
const secrets = ["apiKey", "api_key", "authorization", "password", "secret", "token", "x-api-key"];

/**
 * A log of one JSON object per line.
 * @param write takes a line with its newline
 */
export function createLog(write: (line: string) => void): LogTail {
  const lines: string[] = [];
  const remember = (line: string): void => {
    lines.push(line.length <= longest ? line : cutShort(line));
    // Seldom, for it moves them all.
    if (lines.length >= 2 * remembered) lines.splice(0, remembered);
  };
  const options: LoggerOptions = {
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    redact: secrets.flatMap((name) => [`["${name}"]`, `*["${name}"]`]),
  };
  const logger = pino(options, {
    write: (line) => {
      write(line);
      remember(line);
    },
  });
  const entry =
    (level: keyof Log) =>
    (message: string, fields: LogFields = {}): void =>
      logger[level](fields, message);
  return {
    info: entry("info"),
    warn: entry("warn"),
    error: entry("error"),
    tail: (count) => (count === 0 ? [] : lines.slice(-Math.min(count, remembered))),
  };
}

function cutShort(line: string): string {
  const { level, time, msg } = JSON.parse(line) as LogFields;
  return `${JSON.stringify({ level, time, msg, cut: line.slice(0, longest) })}\n`;
}

/**
 * A way to write that lets more important work go first, such as the answer that a line tells of: to write to a pipe takes
 * longer than to make the line, for it wakes whoever reads. Lines that come together are written as one text.
 */
export function inQuietMoments(write: (text: string) => void): { write: (line: string) => void; flush: () => void } {
  let text = "";
  const flush = (): void => {
    const gathered = text;
    text = "";
    if (gathered !== "") write(gathered);
  };
  return {
    write: (line) => {
      if (text === "") setImmediate(flush);
      text += line;
    },
    flush,
  };
}

/** What a log says of anything thrown; the stack of a fault of ours is worth having. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  return { error: messageOf(error), ...(error.stack !== undefined && error.stack !== "" && { stack: error.stack }) };
}

/** A thrown thing in one line. fetch says only "fetch failed": its cause is the news. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof UserError) return error.message;
  const cause: unknown = error.cause;
  return cause instanceof Error && cause.message !== "" && !error.message.includes(cause.message)
    ? `${error.message}: ${cause.message}`
    : error.message;
}
