/** What becomes of a delivery after an attempt. */
export type AttemptOutcome =
  | { kind: "delivered" }
  /** Not again: the receiver wants no more, or every attempt is used up. */
  | { kind: "given-up"; error: string }
  | { kind: "again"; error: string; afterMs: number };

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Waits between attempts: a receiver that restarts is met within the minute, one that is down for a day is still met. */
const waits = [
  ...[5 * second, 30 * second],
  ...[2 * minute, 5 * minute, 15 * minute, 30 * minute],
  ...[hour, 2 * hour, 4 * hour, 6 * hour, 10 * hour],
];

/** Longer than that no receiver makes us wait. */
const longestWait = 10 * hour;

/** How often a delivery is tried: about 24 hours long. */
export const mostAttempts = waits.length + 1;

/** What the receiver said. */
export interface Answer {
  status: number;
  /** How long it wants us to wait; undefined when it does not say. */
  retryAfterMs?: number | undefined;
}

/**
 * @param answer the receiver's, or why there was none
 * @param attempts how many there were, with this one
 * @param random from 0 to 1: receivers that were down together are not called together
 */
export function afterAttempt(answer: Answer | string, attempts: number, random: number): AttemptOutcome {
  const { status, retryAfterMs = 0 } = typeof answer === "string" ? { status: 0 } : answer;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const error = typeof answer === "string" ? answer : `the receiver answered ${status}`;
  if (status === 410) return { kind: "given-up", error };
  const wait = waits[attempts - 1];
  if (wait === undefined) return { kind: "given-up", error: `${error}; given up after ${attempts} attempts` };
  const ours = Math.round(wait * (0.8 + 0.4 * random));
  const theirs = tooMuch.includes(status) ? Math.min(retryAfterMs, longestWait) : 0;
  return { kind: "again", error, afterMs: Math.max(ours, theirs) };
}

// Those that ask callers to come back later.
const tooMuch = [429, 503];
