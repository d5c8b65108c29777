import { BadAnswer, type ComfyClient, PromptRefused, Unreachable } from "../comfy/client.ts";
import { endingOf, type HistoryEntry } from "../comfy/history.ts";
import type { FileStore } from "../files/store.ts";
import { type Log, messageOf } from "../log.ts";
import { buildPrompt, fileIds } from "../workflow/inputs.ts";
import type { Workflow } from "../workflow/load.ts";
import { findOutputs, OutputProblem } from "../workflow/outputs.ts";
import { storeOutputs } from "./outputs.ts";
import type { JobResult, RunningJob } from "./store.ts";
import type { Watch } from "./watch.ts";

export interface JobRunnerOptions {
  client: ComfyClient;
  watch: Watch;
  files: FileStore;
  /** ComfyUI sends its events to the connection of this id. */
  clientId: string;
  appId: string | null;
  /** Longest run of a job; null for no limit. */
  timeoutMs: number | null;
  /** For a prompt that does not stop when told to. */
  restartComfy: () => void;
  log: Log;
  /** How long a canceled prompt may take to stop. */
  stopGraceMs?: number;
}

/** How a run ended. A lost one left no trace in ComfyUI and may be run again. */
export type RunOutcome =
  | { kind: "completed"; result: JobResult }
  | { kind: "failed"; error: string }
  | { kind: "lost"; reason: string };

export interface JobRunner {
  /**
   * Takes one job through ComfyUI.
   * @param submitted the job was given to ComfyUI before, by a process that died
   * @throws when `abort` fires, or for a fault of ours
   */
  run: (workflow: Workflow, job: RunningJob, submitted: boolean, abort: AbortSignal) => Promise<RunOutcome>;
  /** Stops a job's prompt. Never throws. */
  cancel: (promptId: string) => Promise<void>;
  /** Removes an ended prompt from ComfyUI's history, where it would stay in memory. Never throws. */
  forget(promptId: string): Promise<void>;
}

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { client, watch, files, clientId, appId, timeoutMs, restartComfy, log, stopGraceMs = 10_000 } = options;
  let canceled: string | undefined;

  const cancel = async (promptId: string): Promise<void> => {
    try {
      await client.cancel(promptId);
    } catch (error) {
      // A ComfyUI that does not answer is gone or about to be, and its prompts with it.
      log.warn("prompt not canceled", { prompt_id: promptId, error: messageOf(error) });
    }
    watch.look();
  };

  /** Runs out at the job's time limit: the prompt is stopped, and so is a ComfyUI that keeps at it. */
  const startClock = (promptId: string): { timedOut: () => boolean; stop: () => void } => {
    let over = false;
    let grace: NodeJS.Timeout | undefined;
    const expire = (): void => {
      over = true;
      void cancel(promptId);
      grace = setTimeout(restartComfy, stopGraceMs);
    };
    const limit = timeoutMs === null ? undefined : setTimeout(expire, timeoutMs);
    return {
      timedOut: () => over,
      stop: () => {
        clearTimeout(limit);
        clearTimeout(grace);
      },
    };
  };

  const submit = async (workflow: Workflow, job: RunningJob): Promise<RunOutcome | undefined> => {
    const paths = new Map<string, string>();
    for (const { input, id } of fileIds(workflow.contract.inputs, job.inputs)) {
      const file = await files.get(id);
      const path = file && (await files.localPath(file));
      if (path === undefined) return { kind: "failed", error: `VALIDATION_ERROR:file_not_found:${input}` };
      paths.set(id, path);
    }
    try {
      await client.submit(buildPrompt(workflow, job.id, job.inputs, paths), job.promptId, clientId);
    } catch (error) {
      if (error instanceof PromptRefused) return { kind: "failed", error: `QUEUE_ERROR:${error.message}` };
      if (!(error instanceof Unreachable)) throw error;
      // No answer does not mean that the prompt was not taken: whoever waits for its end finds out.
      log.warn("prompt submitted without an answer", { job_id: job.id, error: error.message });
      watch.look();
    }
    return undefined;
  };

  const outcome = async ({ contract }: Workflow, entry: HistoryEntry, abort: AbortSignal): Promise<RunOutcome> => {
    const ending = endingOf(entry);
    if (ending.kind !== "success") {
      const reason = ending.kind === "failed" ? ending.reason : "interrupted";
      return { kind: "failed", error: `PROMPT_FAILED:${reason}` };
    }
    try {
      const found = findOutputs(contract.outputs, entry.outputs);
      return { kind: "completed", result: await storeOutputs(found, client, files, appId, abort) };
    } catch (error) {
      if (error instanceof OutputProblem) return { kind: "failed", error: error.message };
      if (error instanceof Unreachable) return { kind: "lost", reason: error.message };
      throw error;
    }
  };

  return {
    run: async (workflow, job, submitted, abort) => {
      const clock = startClock(job.promptId);
      try {
        const refused = submitted ? undefined : await submit(workflow, job);
        if (refused !== undefined) return refused;
        if (submitted) watch.look();
        // Asked for while the prompt was on its way: ComfyUI did not know it yet.
        if (job.cancelRequested || canceled === job.promptId) await cancel(job.promptId);
        const entry = await watch.end(job.promptId, abort);
        if (clock.timedOut() && (entry === undefined || endingOf(entry).kind !== "success")) {
          return { kind: "failed", error: `PROMPT_TIMEOUT:history_not_terminal:${job.promptId}` };
        }
        if (entry === undefined) return { kind: "lost", reason: "ComfyUI no longer knows the prompt" };
        return await outcome(workflow, entry, abort);
      } catch (error) {
        if (error instanceof BadAnswer) return { kind: "failed", error: `QUEUE_ERROR:${error.message}` };
        throw error;
      } finally {
        clock.stop();
      }
    },
    cancel: async (promptId) => {
      canceled = promptId;
      await cancel(promptId);
    },
    forget: async (promptId) => {
      try {
        await client.forget(promptId);
      } catch (error) {
        log.warn("prompt not forgotten", { prompt_id: promptId, error: messageOf(error) });
      }
    },
  };
}
