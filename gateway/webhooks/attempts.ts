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

/** How often a delivery is tried: about 24 hours long. */
export const mostAttempts = waits.length + 1;

/**
 * @param answer the receiver's status, or why there was none
 * @param attempts how many there were, with this one
 * @param random from 0 to 1: receivers that were down together are not called together
 */
export function afterAttempt(answer: number | string, attempts: number, random: number): AttemptOutcome {
  if (typeof answer === "number" && answer >= 200 && answer < 300) return { kind: "delivered" };
  const error = typeof answer === "number" ? `the receiver answered ${answer}` : answer;
  if (answer === 410) return { kind: "given-up", error };
  const wait = waits[attempts - 1];
  if (wait === undefined) return { kind: "given-up", error: `${error}; given up after ${attempts} attempts` };
  return { kind: "again", error, afterMs: Math.round(wait * (0.8 + 0.4 * random)) };
}
