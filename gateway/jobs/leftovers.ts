import type { ComfyClient } from "../comfy/client.ts";
import { type Log, messageOf } from "../log.ts";

/** Ended prompts, removed from ComfyUI's history, where they would stay in memory: some together, and in nobody's way. */
export interface Leftovers {
  add(promptId: string): void;
  /** Removes them now. Never throws. */
  clear(): Promise<void>;
}

export function createLeftovers(client: Pick<ComfyClient, "forget">, log: Log, afterMs = 500): Leftovers {
  let promptIds: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const clear = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const ended = promptIds;
    promptIds = [];
    if (ended.length === 0) return;
    try {
      await client.forget(ended);
    } catch (error) {
      // A ComfyUI that does not answer has most likely forgotten everything.
      log.warn("prompts not forgotten", { prompts: ended.length, error: messageOf(error) });
    }
  };
  return {
    add: (promptId) => {
      promptIds.push(promptId);
      timer ??= setTimeout(() => void clear(), afterMs);
    },
    clear,
  };
}
