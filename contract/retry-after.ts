/**
 * How long a server wants its callers to wait, in milliseconds.
 * @param header `Retry-After`: a number of seconds, or a date
 * @param now milliseconds since the epoch
 * @returns undefined when it says nothing
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
