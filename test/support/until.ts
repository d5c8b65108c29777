import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a condition; fails when it does not come true in time. */
export async function until(what: string, condition: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
