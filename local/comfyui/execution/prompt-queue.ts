import type { Executor } from "./executor.ts";
import type { Outcome, QueuedPrompt } from "./report.ts";

/** One entry of history. */
export type HistoryEntry = { prompt: QueueItem } & Outcome;

/** How /queue and /history show a prompt. */
export type QueueItem = [
  number: number,
  id: string,
  graph: object,
  extraData: Record<string, unknown>,
  outputs: string[],
];

export interface PromptQueue {
  put(prompt: QueuedPrompt): void;
  running(): QueuedPrompt | undefined;
  /** In the order in which they will run. */
  pending(): QueuedPrompt[];
  /** Takes waiting prompts away; those that run, or are not there, are left alone. True when one was taken. */
  remove(ids: readonly string[]): boolean;
  clear(): void;
  /** Interrupts what runs; only this prompt when one is named. True when something was interrupted. */
  interrupt(id?: string): boolean;
  /** Ended prompts, oldest first. */
  history: Map<string, HistoryEntry>;
  /** Prompts that wait or run. */
  remaining(): number;
  close(): void;
}

export interface PromptQueueOptions {
  executor: Executor;
  /** The number of prompts changed. */
  onChange: () => void;
  /** A prompt is in history. */
  onEnded: (prompt: QueuedPrompt) => void;
}

const mostKept = 10_000;

/** Runs prompts one at a time, lowest number first. */
export function createPromptQueue({ executor, onChange, onEnded }: PromptQueueOptions): PromptQueue {
  const history = new Map<string, HistoryEntry>();
  let pending: QueuedPrompt[] = [];
  let current: { prompt: QueuedPrompt; interrupt: AbortController } | undefined;
  let closed = false;

  async function work(): Promise<void> {
    if (current !== undefined || closed) return;
    const prompt = pending.shift();
    if (prompt === undefined) return;
    current = { prompt, interrupt: new AbortController() };
    onChange();
    const outcome = await executor.run(prompt, current.interrupt.signal);
    // The same id may run twice; the later one takes the place of the earlier.
    history.delete(prompt.id);
    history.set(prompt.id, { prompt: queueItem(prompt), ...outcome });
    const [oldest] = history.keys();
    if (history.size > mostKept && oldest !== undefined) history.delete(oldest);
    current = undefined;
    onChange();
    onEnded(prompt);
    await work();
  }

  return {
    history,
    put: (prompt) => {
      pending = [...pending, prompt].sort((one, other) => one.number - other.number);
      onChange();
      // A moment later, as ComfyUI's worker thread: the answer to the POST goes out first.
      setImmediate(() => void work());
    },
    running: () => current?.prompt,
    pending: () => pending,
    remove: (ids) => {
      const left = pending.filter(({ id }) => !ids.includes(id));
      if (left.length === pending.length) return false;
      pending = left;
      onChange();
      return true;
    },
    clear: () => {
      pending = [];
      onChange();
    },
    interrupt: (id) => {
      if (current === undefined || (id !== undefined && current.prompt.id !== id)) return false;
      current.interrupt.abort();
      return true;
    },
    remaining: () => pending.length + (current === undefined ? 0 : 1),
    close: () => {
      closed = true;
      current?.interrupt.abort();
    },
  };
}

export const queueItem = (prompt: QueuedPrompt): QueueItem => [
  prompt.number,
  prompt.id,
  prompt.graph,
  prompt.extraData,
  prompt.outputs,
];
