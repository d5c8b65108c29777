import { setTimeout as sleep } from "node:timers/promises";
import { BadAnswer, type ComfyClient } from "../comfy/client.ts";
import type { HistoryEntry } from "../comfy/history.ts";
import { createSignal } from "../signal.ts";

/** Waits for prompts to end in ComfyUI. Told of news it looks at once; without any it still looks now and then. */
export interface Watch {
  /** ComfyUI says that this prompt ends now. */
  promptEnded(promptId: string): void;
  /** Something may have happened: look. */
  look(): void;
  /** The prompt's history; undefined when ComfyUI lost the prompt. Throws when `abort` fires, or when ComfyUI cannot tell. */
  end(promptId: string, abort: AbortSignal): Promise<HistoryEntry | undefined>;
}

const mostBadAnswers = 5;
const secondLookMs = 100;

/** @param pollMs longest time between two looks */
export function createWatch(
  client: Pick<ComfyClient, "find" | "history">,
  { pollMs = 1000, retryMs = [2, 5, 20, 50] }: { pollMs?: number; retryMs?: readonly number[] } = {},
): Watch {
  let news = createSignal();
  let watched: string | undefined;
  let ended: string | undefined;

  /** History follows the event that announces it within milliseconds. */
  const announced = async (promptId: string): Promise<HistoryEntry | undefined> => {
    for (const pause of [0, ...retryMs]) {
      if (pause > 0) await sleep(pause);
      const entry = await client.history(promptId);
      if (entry !== undefined) return entry;
    }
    return undefined;
  };

  const untilEnd = async (promptId: string, abort: AbortSignal): Promise<HistoryEntry | undefined> => {
    let misses = 0;
    let badAnswers = 0;
    for (;;) {
      if (ended !== promptId) await news.wait(misses > 0 ? secondLookMs : pollMs, abort);
      abort.throwIfAborted();
      try {
        if (ended === promptId) {
          ended = undefined;
          const entry = await announced(promptId);
          if (entry !== undefined) return entry;
        }
        const whereabouts = await client.find(promptId);
        if (whereabouts.kind === "ended") return whereabouts.entry;
        misses = whereabouts.kind === "missing" ? misses + 1 : 0;
        badAnswers = 0;
      } catch (error) {
        // ComfyUI does not answer: when it is back, it knows the prompt or has lost it. Bad answers may stay so for ever.
        if (error instanceof BadAnswer && ++badAnswers >= mostBadAnswers) throw error;
        misses = 0;
      }
      // Twice, for a prompt may be between two of ComfyUI's lists at one look.
      if (misses >= 2) return undefined;
    }
  };

  return {
    promptEnded: (promptId) => {
      ended = promptId;
      if (promptId === watched) news.notify();
    },
    look: () => news.notify(),
    end: async (promptId, abort) => {
      watched = promptId;
      try {
        return await untilEnd(promptId, abort);
      } finally {
        // ComfyUI tells the end twice: the second time is no news for whoever waits for the next prompt.
        watched = undefined;
        news = createSignal();
      }
    },
  };
}
