import { setTimeout as sleep } from "node:timers/promises";
import { mayPass, SourceRefused } from "../../../../contract/models/source.ts";

export interface RetryPolicy {
  /** Tries in a row that bring nothing. */
  tries: number;
  /** Pause after the first of them; doubled from try to try. */
  firstPauseMs: number;
  longestPauseMs: number;
}

export const usualRetries: RetryPolicy = { tries: 8, firstPauseMs: 500, longestPauseMs: 30_000 };

/** Trying again would find the same. */
export class Hopeless extends Error {
  /** What somebody can do about it, as a clause. */
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** The file at the source is not the one that was begun. */
export class SourceChanged extends Hopeless {}

export const isPassing = (error: unknown): boolean =>
  error instanceof SourceRefused ? mayPass(error) : !(error instanceof Hopeless);

/**
 * How long to wait after so many failures in a row, in milliseconds. What the server asks for counts, within reason.
 * @param chance 0 to 1: pods that fail together should not come back together
 */
export function pauseMs(failures: number, error: unknown, policy: RetryPolicy, chance: number): number {
  const usual = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** (failures - 1));
  const asked = error instanceof SourceRefused ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(usual * (0.5 + chance / 2), Math.min(asked, 4 * policy.longestPauseMs));
}

/** Does something until it succeeds, fails for good, or failed often enough in a row. */
export async function withRetries<T>(
  act: () => Promise<T>,
  policy: RetryPolicy,
  abort: AbortSignal,
  hooks: { progressed?: () => boolean; onRetry?: (error: unknown, waitMs: number) => void } = {},
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await act();
    } catch (error) {
      abort.throwIfAborted();
      if (hooks.progressed?.() === true) failures = 1;
      if (!isPassing(error) || failures >= policy.tries) throw error;
      const wait = pauseMs(failures, error, policy, Math.random());
      hooks.onRetry?.(error, wait);
      await sleep(wait, undefined, { signal: abort });
    }
  }
}
