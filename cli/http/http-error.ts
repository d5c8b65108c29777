import { UserError } from "../../contract/errors.ts";

interface Answered {
  /** Status of the answer; undefined when there was none. */
  status?: number | undefined;
  /** The field `error` of the answer. */
  code?: string | undefined;
  /** How long the endpoint wants to be left alone. */
  retryAfterMs?: number | undefined;
}

/** A request that an endpoint did not answer as it should. */
export class HttpError extends UserError {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { status, code, retryAfterMs }: Answered, options?: ErrorOptions) {
    super(message, [], options);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same request may well be answered a little later. */
  get isTransient(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}
