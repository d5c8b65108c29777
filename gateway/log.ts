import { UserError } from "../contract/errors.ts";

export type LogFields = Record<string, unknown>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * A log of one JSON object per line. Fields never hold keys or input values: whoever may read logs may not read those.
 * @param write takes a line with its newline
 */
export function createLog(write: (line: string) => void): Log {
  const entry =
    (level: keyof Log) =>
    (message: string, fields: LogFields = {}): void =>
      write(`${JSON.stringify({ time: new Date().toISOString(), level, msg: message, ...fields })}\n`);
  return { info: entry("info"), warn: entry("warn"), error: entry("error") };
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
