/** Waits for all; the first that fails ends the others, and is what it throws. */
export async function allOrNone(tasks: readonly Promise<void>[], failing: AbortController): Promise<void> {
  const all = Promise.all(tasks);
  all.catch(() => failing.abort());
  await Promise.allSettled(tasks);
  await all;
}
