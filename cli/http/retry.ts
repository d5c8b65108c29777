import { setTimeout as sleep } from "node:timers/promises";
import { HttpError } from "./http-error.ts";
import { networkCode } from "./network-reason.ts";

const pausesMs = [200, 800, 2000];
/** Answers that a proxy or a gateway gives in passing. */
const passingStatuses = [429, 502, 503, 504, 524];
/** Nobody is there, and will not be in two seconds. */
const lastingCodes = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"];
const longestWaitMs = 60_000;

/**
 * Sends a request, and again while it is broken off or turned away in passing.
 * @param send must do no harm when it is done twice
 * @param reported errors that are for the user to know at once
 */
export async function retry<T>(
  send: () => Promise<T>,
  signal: AbortSignal,
  reported: (error: HttpError) => boolean = () => false,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const pause = error instanceof HttpError && !reported(error) ? pauseBefore(error, attempt) : undefined;
      if (pause === undefined) throw error;
      await sleep(pause, undefined, { signal });
    }
  }
}

/** How long to wait before the next attempt, in milliseconds; undefined when the error is to be reported. */
export function pauseBefore(error: HttpError, attempt: number): number | undefined {
  const pause = pausesMs[attempt];
  if (pause === undefined) return undefined;
  if (error.status === undefined) {
    const cause = error.cause;
    const lasting = lastingCodes.includes(networkCode(cause) ?? "");
    return lasting || (cause instanceof Error && cause.name === "TimeoutError") ? undefined : pause;
  }
  if (!passingStatuses.includes(error.status)) return undefined;
  const asked = error.retryAfterMs ?? 0;
  return asked > longestWaitMs ? undefined : Math.max(asked, pause);
}
