import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a condition; fails when it does not come true in time. */
export async function until(what: string, condition: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(20)) {
    if (await condition()) return;
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
