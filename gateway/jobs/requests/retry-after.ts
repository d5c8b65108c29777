const usualRunMs = 5000;

/**
 * Seconds until a full queue has likely been worked off; from 1 to 300.
 * @param runMs how long recent runs took
 */
export function retryAfterSeconds(runMs: readonly number[], queued: number): number {
  const mean = runMs.length === 0 ? usualRunMs : runMs.reduce((sum, each) => sum + each, 0) / runMs.length;
  return Math.min(300, Math.max(1, Math.ceil((mean * queued) / 1000)));
}
