import { randomUUID } from "node:crypto";
import { ComfyGivenUp } from "../comfy/server.ts";
import { errorFields, type Log } from "../log.ts";
import { createSignal } from "../signal.ts";
import type { Workflow } from "../workflow/load.ts";
import type { Leftovers } from "./leftovers.ts";
import type { JobRunner, RunOutcome } from "./run.ts";
import type { JobStore, Period, RunningJob } from "./store.ts";

export interface WorkerOptions {
  jobs: JobStore;
  runner: JobRunner;
  leftovers: Leftovers;
  /** Ends when ComfyUI is up. */
  comfyUp: (abort: AbortSignal) => Promise<void>;
  /** Whether ComfyUI goes on with its prompt when the gateway stops. */
  comfyOutlives: boolean;
  /** When the endpoint began to boot, in milliseconds since the epoch. */
  bootedFrom: number;
  log: Log;
}

/** Takes jobs from the queue, one at a time: ComfyUI runs one prompt at a time, and so a cancel hits just that one. */
export interface Worker {
  /** Takes up what a dead process left running, then the queue. */
  start(workflow: Workflow): void;
  /** A job was queued. */
  wake(): void;
  /** A running job was asked to cancel. */
  cancel(jobId: string): void;
  /** Stops; the running job goes back to the queue, or stays where it is while ComfyUI goes on with it. */
  stop(): Promise<void>;
}

const mostAttempts = 3;
const idleMs = 60_000;
const faultPauseMs = 1000;

export function createWorker({
  jobs,
  runner,
  leftovers,
  comfyUp,
  comfyOutlives,
  bootedFrom,
  log,
}: WorkerOptions): Worker {
  const stopping = new AbortController();
  const news = createSignal();
  let current: RunningJob | undefined;
  const stopped = (): boolean => stopping.signal.aborted;
  let loop: Promise<void> = Promise.resolve();

  const finish = async (job: RunningJob, outcome: RunOutcome): Promise<void> => {
    if (outcome.kind === "completed") await jobs.complete(job.id, outcome.result);
    else if (outcome.kind === "failed") await jobs.fail(job.id, outcome.error);
    else if (job.attempts < mostAttempts) await jobs.requeue(job.id, "lost");
    else await jobs.fail(job.id, `QUEUE_ERROR:given up after ${mostAttempts} attempts: ${outcome.reason}`);
    leftovers.add(job.promptId);
    const ended = await jobs.get(job.id);
    // The error's code alone: what follows it may quote a prompt.
    const error = ended?.error?.split(":", 1)[0];
    log.info("job left comfyui", { job_id: job.id, prompt_id: job.promptId, state: ended?.state, error });
  };

  const handle = async (workflow: Workflow, job: RunningJob, submitted: boolean): Promise<void> => {
    current = job;
    log.info("job runs", { job_id: job.id, prompt_id: job.promptId, attempt: job.attempts });
    try {
      const outcome = await runner.run(workflow, job, submitted, stopping.signal);
      // ComfyUI ends with us: what it lost by that is no fault of the job.
      if (outcome.kind === "lost") stopping.signal.throwIfAborted();
      await finish(job, outcome);
    } catch (error) {
      if (stopped()) {
        // The next start finds it in ComfyUI, perhaps finished.
        if (comfyOutlives) return;
        log.info("job handed back", { job_id: job.id });
        await jobs.requeue(job.id, "released");
        return;
      }
      log.error("job failed by a fault", { job_id: job.id, ...errorFields(error) });
      await jobs.fail(job.id, "SYSTEM_ERROR:the gateway's log has the reason");
    } finally {
      current = undefined;
    }
  };

  const work = async (workflow: Workflow, boot: Period): Promise<void> => {
    await comfyUp(stopping.signal);
    for (const job of await jobs.running()) {
      if (!stopped()) await handle(workflow, job, true);
    }
    while (!stopped()) {
      await comfyUp(stopping.signal);
      const job = stopped() ? undefined : await jobs.claim(randomUUID(), boot);
      if (job === undefined) await news.wait(idleMs, stopping.signal);
      else await handle(workflow, job, false);
    }
  };

  return {
    start: (workflow) => {
      const boot = { from: bootedFrom, to: Date.now() };
      const keepWorking = async (): Promise<void> => {
        while (!stopped()) {
          try {
            await work(workflow, boot);
          } catch (error) {
            if (error instanceof ComfyGivenUp) {
              log.error("no more jobs are run", { reason: error.message });
              return;
            }
            log.error("worker fault", errorFields(error));
            await news.wait(faultPauseMs, stopping.signal);
          }
        }
      };
      loop = keepWorking();
    },
    wake: () => news.notify(),
    cancel: (jobId) => {
      // The caller does not wait for it: a ComfyUI that loads a model answers late.
      if (current?.id === jobId) void runner.cancel(current.promptId);
    },
    stop: async () => {
      stopping.abort();
      await loop;
      // One that goes on would keep them.
      if (comfyOutlives) await leftovers.clear();
    },
  };
}
