import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../contract/errors.ts";
import { retryAfterMs } from "../../../contract/retry-after.ts";

export interface SendOptions {
  /** Milliseconds that one request may take. */
  timeoutMs: number;
  /** Waits before a request is sent again, in milliseconds; the registry's `Retry-After` lengthens them. */
  retryDelaysMs: readonly number[];
}

const longestWaitMs = 60_000;

/**
 * Sends a request that changes nothing, and again while the server stumbles.
 * @returns any answer but 429 and 5xx
 * @throws {UserError} when there is none
 */
export async function send(
  url: URL,
  request: RequestInit,
  { timeoutMs, retryDelaysMs }: SendOptions,
): Promise<Response> {
  for (const delay of [...retryDelaysMs, undefined]) {
    const { response, trouble } = await sendOnce(url, request, timeoutMs);
    if (response !== undefined && response.status !== 429 && response.status < 500) return response;
    await response?.body?.cancel();
    const asked = retryAfterMs(response?.headers.get("retry-after") ?? null, Date.now()) ?? 0;
    const said = trouble ?? `answers HTTP ${response?.status ?? 0}`;
    if (asked > longestWaitMs) {
      throw new UserError(`${url.host} ${said}, and wants to be asked in ${Math.ceil(asked / 1000)} s; try again then`);
    }
    if (delay === undefined) throw new UserError(`${url.host} ${said}; try again later`);
    await sleep(Math.max(delay, asked));
  }
  throw new Error("unreachable");
}

async function sendOnce(
  url: URL,
  request: RequestInit,
  timeoutMs: number,
): Promise<{ response?: Response; trouble?: string }> {
  try {
    return { response: await fetch(url, { ...request, signal: AbortSignal.timeout(timeoutMs) }) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    return { trouble: `does not answer (${reason})` };
  }
}
