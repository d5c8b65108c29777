import { randomUUID } from "node:crypto";
import { parseJson } from "../../contract/parse.ts";
import { warmUpInputs } from "../../contract/warm-up.ts";
import type { ComfyClient } from "../comfy/client.ts";
import { endingOf } from "../comfy/history.ts";
import { createWatch } from "../jobs/watch.ts";
import { type Log, messageOf } from "../log.ts";
import { buildPrompt } from "../workflow/inputs.ts";
import type { Workflow } from "../workflow/load.ts";

/** Runs a workflow once before anybody may. */
export type WarmUp = (workflow: Workflow, abort: AbortSignal) => Promise<void>;

export interface WarmUpOptions {
  /** JSON of the run's inputs, and what it is called in errors. */
  inputs: { subject: string; text: string };
  client: Pick<ComfyClient, "submit" | "find" | "history" | "cancel" | "forget">;
  /** Longest run, in milliseconds. */
  timeoutMs: number;
  log: Log;
}

/**
 * A run whose models stay in the GPU's memory. What it makes is nobody's; one that fails is told of in the log, and keeps
 * nobody from running the workflow with better inputs.
 */
export const createWarmUp =
  ({ inputs, client, timeoutMs, log }: WarmUpOptions): WarmUp =>
  async (workflow, abort) => {
    const values = warmUpInputs(workflow.contract, parseJson(inputs.text, inputs.subject), inputs.subject);
    const promptId = randomUUID();
    const limit = AbortSignal.timeout(timeoutMs);
    const startedAt = performance.now();
    try {
      // Nobody listens under that client id.
      await client.submit(buildPrompt(workflow, "warm-up", values, new Map()), promptId, promptId);
      const entry = await createWatch(client).end(promptId, AbortSignal.any([abort, limit]));
      const ending = entry === undefined ? undefined : endingOf(entry);
      if (ending?.kind !== "success") throw new Error(ending?.kind === "failed" ? ending.reason : "ComfyUI lost it");
      await client.forget([promptId]);
      log.info("warmed up", { seconds: Math.round((performance.now() - startedAt) / 1000) });
    } catch (error) {
      abort.throwIfAborted();
      log.warn("the warm-up run failed", {
        error: limit.aborted ? `not over in ${timeoutMs / 1000} s` : messageOf(error),
      });
      if (limit.aborted) await client.cancel(promptId).catch(() => undefined);
    }
  };
