import { BadAnswer, type ComfyClient, PromptRefused, Unreachable } from "../comfy/client.ts";
import { endingOf, type HistoryEntry } from "../comfy/history.ts";
import type { FileStore } from "../files/store.ts";
import { type Log, messageOf } from "../log.ts";
import { buildPrompt, fileIds } from "../workflow/inputs.ts";
import type { Workflow } from "../workflow/load.ts";
import { findOutputs, OutputProblem } from "../workflow/outputs.ts";
import type { Tracker } from "./live/tracker.ts";
import { MediaProblem, mediaValues } from "./media.ts";
import type { Outputs } from "./outputs.ts";
import type { JobResult, RunningJob } from "./store.ts";
import type { Watch } from "./watch.ts";

export interface JobRunnerOptions {
  client: ComfyClient;
  watch: Watch;
  tracker: Pick<Tracker, "begin" | "end">;
  files: Pick<FileStore, "get" | "lend" | "takeBack">;
  outputs: Pick<Outputs, "begin" | "store" | "end">;
  /** ComfyUI sends its events to the connection of this id. */
  clientId: string;
  /** Longest run of a job; null for no limit. */
  timeoutMs: number | null;
  /** For a prompt that does not stop when told to; false when ComfyUI may go on with it all the same. */
  freeComfy: (promptId: string) => boolean;
  log: Log;
  /** How long a prompt whose time is over may take to stop. */
  stopGraceMs?: number;
  /** How long a canceled prompt may take: to end ComfyUI costs whoever waits more than that. */
  cancelGraceMs?: number;
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
}

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { client, watch, tracker, files, outputs, clientId, timeoutMs, freeComfy, log } = options;
  const { stopGraceMs = 10_000, cancelGraceMs = 60_000 } = options;
  let canceled: string | undefined;
  let clock: ReturnType<typeof startClock> | undefined;

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
  const startClock = (promptId: string) => {
    const abandon = new AbortController();
    let over = false;
    let grace: NodeJS.Timeout | undefined;
    const giveGrace = (milliseconds: number): void => {
      grace ??= setTimeout(() => {
        log.warn("prompt does not stop", { prompt_id: promptId });
        if (!freeComfy(promptId)) abandon.abort();
      }, milliseconds);
    };
    const expire = (): void => {
      over = true;
      void cancel(promptId);
      giveGrace(stopGraceMs);
    };
    const limit = timeoutMs === null ? undefined : setTimeout(expire, timeoutMs);
    return {
      timedOut: () => over,
      /** Fires when the prompt is not worth waiting for any more. */
      abandoned: abandon.signal,
      /** The prompt was told to stop: it has so long. */
      giveGrace,
      stop: () => {
        clearTimeout(limit);
        clearTimeout(grace);
      },
    };
  };

  const submit = async (workflow: Workflow, job: RunningJob, abort: AbortSignal): Promise<RunOutcome | undefined> => {
    try {
      const media = await mediaValues(workflow, job, files, client, abort);
      await client.submit(buildPrompt(workflow, job.id, job.inputs, media), job.promptId, clientId);
    } catch (error) {
      if (error instanceof MediaProblem) return { kind: "failed", error: error.message };
      if (error instanceof PromptRefused) return { kind: "failed", error: `QUEUE_ERROR:${error.message}` };
      if (!(error instanceof Unreachable)) throw error;
      // No answer does not mean that the prompt was not taken: whoever waits for its end finds out.
      log.warn("prompt submitted without an answer", { job_id: job.id, error: error.message });
      watch.look();
    }
    return undefined;
  };

  const takeBack = async ({ contract }: Workflow, { id: jobId, inputs }: RunningJob): Promise<void> => {
    if (fileIds(contract.inputs, inputs).length === 0) return;
    try {
      await files.takeBack(jobId);
    } catch (error) {
      // They are taken back at the next start.
      log.warn("lent files not taken back", { job_id: jobId, error: messageOf(error) });
    }
  };

  const outcome = async ({ contract }: Workflow, entry: HistoryEntry): Promise<RunOutcome> => {
    const ending = endingOf(entry);
    if (ending.kind !== "success") {
      const reason = ending.kind === "failed" ? ending.reason : "interrupted";
      return { kind: "failed", error: `PROMPT_FAILED:${reason}` };
    }
    try {
      const found = findOutputs(contract.outputs, entry.outputs);
      return { kind: "completed", result: await outputs.store(found) };
    } catch (error) {
      if (error instanceof OutputProblem) return { kind: "failed", error: error.message };
      if (error instanceof Unreachable) return { kind: "lost", reason: error.message };
      throw error;
    }
  };

  return {
    run: async (workflow, job, submitted, abort) => {
      const ours = startClock(job.promptId);
      clock = ours;
      tracker.begin(job, workflow.prompt);
      outputs.begin(job.promptId, workflow.contract.outputs, abort);
      try {
        const refused = submitted ? undefined : await submit(workflow, job, abort);
        if (refused !== undefined) return refused;
        if (submitted) watch.look();
        // Asked for while the prompt was on its way: ComfyUI did not know it yet.
        if (job.cancelRequested || canceled === job.promptId) {
          ours.giveGrace(cancelGraceMs);
          await cancel(job.promptId);
        }
        const ending = watch.end(job.promptId, AbortSignal.any([abort, ours.abandoned]));
        const entry = await ending.catch((error: unknown) => {
          if (abort.aborted || !ours.abandoned.aborted) throw error;
          return undefined;
        });
        if (ours.timedOut() && (entry === undefined || endingOf(entry).kind !== "success")) {
          return { kind: "failed", error: `PROMPT_TIMEOUT:history_not_terminal:${job.promptId}` };
        }
        if (entry === undefined) return { kind: "lost", reason: "ComfyUI no longer knows the prompt" };
        return await outcome(workflow, entry);
      } catch (error) {
        if (error instanceof BadAnswer) return { kind: "failed", error: `QUEUE_ERROR:${error.message}` };
        throw error;
      } finally {
        ours.stop();
        // A job that stops with the gateway may go on in ComfyUI, and read its files yet.
        if (!abort.aborted) await takeBack(workflow, job);
        clock = undefined;
        tracker.end();
        await outputs.end();
      }
    },
    cancel: async (promptId) => {
      canceled = promptId;
      clock?.giveGrace(cancelGraceMs);
      await cancel(promptId);
    },
  };
}
