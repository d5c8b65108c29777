import { ConcurrentUpdateError, type EngineEvent, type Stack } from "@pulumi/pulumi/automation/index.js";
import type { Changes } from "./changes.ts";
import { type Diagnostic, engineFailure } from "./failure.ts";
import { locksAreStale } from "./lock.ts";
import { type EngineNews, newsOf } from "./news.ts";

export interface RunOptions {
  /** Told the engine's output as it comes. */
  onOutput?: (text: string) => void;
  /** Told what happens, in place of the engine's output: of that only what is said beside it is told then. */
  onNews?: (news: EngineNews) => void;
  /** Aborting lets the engine finish what it is at, save its state, and stop. */
  signal?: AbortSignal;
}

/** What all runs of the engine are given. */
interface EngineOptions {
  color: "never";
  onOutput: (text: string) => void;
  onError: (text: string) => void;
  onEvent: (event: EngineEvent) => void;
  signal: AbortSignal;
  /** Whoever runs the engine shows what matters of the outputs. */
  suppressOutputs: true;
  /** Lines of dots, said every second. */
  suppressProgress: true;
}

/**
 * Runs the engine once; again when the stack was locked by a run that died.
 * @param name what the run is called in errors: up, preview, destroy
 * @throws {UserError} with the engine's own reasons when it fails
 */
export async function operate(
  stack: Stack,
  name: string,
  { onOutput, onNews, signal }: RunOptions,
  run: (options: EngineOptions) => Promise<unknown>,
): Promise<Changes> {
  signal?.throwIfAborted();
  const diagnostics: Diagnostic[] = [];
  let changes: Changes = {};
  let stdout = "";
  let stderr = "";
  const stop = stopOnce(signal, () => stdout.includes("^C received"));
  const options: EngineOptions = {
    color: "never",
    onOutput: (text) => {
      stdout += text;
      if (onNews === undefined) onOutput?.(text);
    },
    onError: (text) => (stderr += text),
    onEvent: (event) => {
      const { diagnosticEvent, summaryEvent } = event;
      const news = newsOf(event);
      if (news !== undefined) onNews?.(news);
      if (diagnosticEvent?.severity === "error") diagnostics.push(diagnosticEvent);
      if (summaryEvent !== undefined) changes = summaryEvent.resourceChanges;
    },
    signal: stop,
    suppressOutputs: true,
    suppressProgress: true,
  };
  try {
    await run(options).catch(async (error: unknown) => {
      if (!(error instanceof ConcurrentUpdateError) || !locksAreStale(stderr)) throw error;
      onOutput?.("The run that locked the stack is dead; its lock is taken away.\n");
      await stack.cancel();
      await run(options);
    });
    return changes;
  } catch (error) {
    throw engineFailure(`pulumi ${name} of ${stack.name}`, diagnostics, stderr, { cause: error });
  }
}

// A terminal's Ctrl-C reaches the engine by itself, and a second one would make it drop what it is at. It tells at once
// when it has got one.
const noticeMs = 500;

/** The signal that the engine is to be stopped with: not sent when it knows already. */
function stopOnce(signal: AbortSignal | undefined, engineKnows: () => boolean): AbortSignal {
  const stop = new AbortController();
  const stopUnlessKnown = () => {
    if (!engineKnows()) stop.abort();
  };
  signal?.addEventListener("abort", () => setTimeout(stopUnlessKnown, noticeMs).unref(), { once: true });
  return stop.signal;
}
