import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal, RunPodError } from "./errors.ts";

// A list may lack for some moments what was created just now.
const listLagMs = [0, 1000, 2000, 4000];

// RunPod stumbles for seconds, not for minutes; who needs longer runs `up` again.
const retryDelaysMs = [500, 2000];

export interface Obtained<T> {
  found: T;
  /** Created by this call, and not there before. */
  isNew: boolean;
}

/**
 * What is there, or else what is created. RunPod has no idempotency key, so the list is read before the request, and again
 * when the request failed: it may have worked although its answer was lost. It is repeated, once, only when nothing shows
 * up.
 * @throws what `create` threw when the list does not show it; "transient" means that it may have been created all the same
 */
export async function findOrCreate<T>(
  find: () => Promise<T | undefined>,
  create: () => Promise<T>,
): Promise<Obtained<T>> {
  const existing = await find();
  if (existing !== undefined) return { found: existing, isNew: false };
  const attempt = async (): Promise<Obtained<T>> => {
    try {
      return { found: await create(), isNew: true };
    } catch (error) {
      const found = await showsUp(find, isRefusal(error, "transient") ? listLagMs : listLagMs.slice(0, 1));
      if (found !== undefined) return { found, isNew: true };
      throw error;
    }
  };
  try {
    return await attempt();
  } catch (error) {
    if (!isRefusal(error, "transient")) throw error;
    console.warn(`${error.message}; asking once more`);
    return attempt();
  }
}

async function showsUp<T>(find: () => Promise<T | undefined>, delaysMs: readonly number[]): Promise<T | undefined> {
  for (const delay of delaysMs) {
    await sleep(delay);
    const found = await answered(find);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Sends a change that does no harm when it is made twice, until it is made.
 * @param isDone looks whether it was made although RunPod answered nothing, or something else
 * @param delaysMs waits before it is sent once more, in milliseconds
 */
export async function persist(
  send: () => Promise<unknown>,
  isDone: () => Promise<boolean>,
  delaysMs: readonly number[] = retryDelaysMs,
): Promise<void> {
  for (const delay of [...delaysMs, undefined]) {
    try {
      await send();
      return;
    } catch (error) {
      const mayWorkLater = isRefusal(error, "transient") && delay !== undefined;
      if (mayWorkLater) await sleep(delay);
      if (await isDone()) return;
      if (!mayWorkLater) throw error;
    }
  }
}

/** undefined also when the question itself fails: the first error tells more. */
async function answered<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof RunPodError) return undefined;
    throw error;
  }
}
