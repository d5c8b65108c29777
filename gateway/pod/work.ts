export interface WorkOptions {
  /** How many jobs have not ended. */
  unfinished: () => Promise<{ queued: number; running: number }>;
  /** Whether the boot failed for good: jobs wait for the next one then. */
  hasFailed: () => boolean;
  /** When a webhook is tried next, in milliseconds since the epoch; undefined when none waits. */
  nextAttemptAt: () => Promise<number | undefined>;
}

/**
 * Whether there is work that no request waits for, now or within that time. A receiver that is down for a day does not keep
 * the pod for a day: its webhook waits on the volume, like a job.
 */
export async function hasWork(
  { unfinished, hasFailed, nextAttemptAt }: WorkOptions,
  withinMs: number,
  now = Date.now(),
): Promise<boolean> {
  const nextAt = await nextAttemptAt();
  if (nextAt !== undefined && nextAt - now < withinMs) return true;
  if (hasFailed()) return false;
  const { queued, running } = await unfinished();
  return queued + running > 0;
}
