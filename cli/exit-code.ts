import type { UserError } from "../contract/errors.ts";
import { isRefusal } from "../providers/runpod/api/errors.ts";
import { NotFoundError, TimedOutError, UnauthorizedError, UsageError } from "./errors.ts";
import { HttpError } from "./http/http-error.ts";

/** What a command's exit code tells. */
export const exitCodes = {
  done: 0,
  /** A job or deployment failed, or whatever else went wrong. */
  failed: 1,
  usage: 2,
  notFound: 3,
  unauthorized: 4,
  timedOut: 5,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeFor(error: UserError): ExitCode {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof NotFoundError) return exitCodes.notFound;
  if (error instanceof TimedOutError) return exitCodes.timedOut;
  if (error instanceof UnauthorizedError || isRefusal(error, "auth")) return exitCodes.unauthorized;
  if (!(error instanceof HttpError)) return exitCodes.failed;
  // The endpoint found something wrong that only it can see.
  if (error.status === 400) return exitCodes.usage;
  if (error.status === 404) return exitCodes.notFound;
  return error.status === 401 || error.status === 403 ? exitCodes.unauthorized : exitCodes.failed;
}
