/** Longest time that nothing may come in answer to a request for JSON. */
export const jsonTimeoutMs = 30_000;

/** Why a request got no answer: fetch hides it in its error's cause. */
export function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `nothing came for ${jsonTimeoutMs / 1000} s`;
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}

/** The code of what broke a request off: `ECONNRESET`, `UND_ERR_SOCKET`. */
export function networkCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return networkCode(error.cause);
}
