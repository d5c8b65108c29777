import { UserError } from "../contract/errors.ts";

/** A command that was called wrongly. */
export class UsageError extends UserError {}

/** What a command was to work on is not there. */
export class NotFoundError extends UserError {}

/** What a command waited for did not happen in the time it was given. */
export class TimedOutError extends UserError {}

/** A key is missing, or not accepted. */
export class UnauthorizedError extends UserError {}
