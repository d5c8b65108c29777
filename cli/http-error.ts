import { UserError } from "../contract/errors.ts";

/** A request that an endpoint did not answer as it should. */
export class HttpError extends UserError {
  /** Status of the answer; undefined when there was none. */
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined, options?: ErrorOptions) {
    super(message, [], options);
    this.status = status;
  }

  /** Whether the same request may well be answered a little later. */
  get isTransient(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}
