import { setTimeout as sleep } from "node:timers/promises";
import type { Health } from "../../contract/api.ts";
import type { NodePack } from "../../contract/nodes/packs.ts";
import type { ComfyClient } from "../comfy/client.ts";
import type { ComfyServer } from "../comfy/server.ts";
import { errorFields, type Log } from "../log.ts";
import type { Workflow } from "../workflow/load.ts";
import { type Failure, failureOf, shownOf } from "./failure.ts";
import { preflight } from "./preflight.ts";
import { createBootState, type StepReport } from "./state.ts";
import type { WarmUp } from "./warm-up.ts";

/**
 * One phase before ComfyUI is started.
 * @throws {BootFailure} or whatever else ends the boot for good
 */
export type BootStep = (report: StepReport, abort: AbortSignal) => Promise<void>;

/** What a pod prepares before ComfyUI is started, by phase. */
export type PodSteps = Partial<Record<"models" | "nodes", BootStep>>;

export interface BootOptions {
  load: () => Workflow;
  steps: PodSteps;
  /** Those that the app adds. */
  packs: () => readonly NodePack[];
  /** null for none. */
  warmUp: WarmUp | null;
  comfy: Pick<ComfyServer, "start" | "state" | "whenUp" | "accept" | "replace">;
  client: Pick<ComfyClient, "hasClass">;
  log: Log;
}

/** The way from an empty container to an endpoint that runs jobs. The gateway answers requests all along it. */
export interface Boot {
  /** Goes through the phases; ends when the endpoint is ready, or failed for good. Never throws. */
  run(abort: AbortSignal): Promise<void>;
  health(): Health;
  /** Why it failed for good; undefined unless it did. */
  failure(): Failure | undefined;
  /** What the endpoint runs, once it is known. */
  workflow(): Workflow | undefined;
}

const againMs = 500;
// A lost connection may be bad luck.
const mostSilences = 2;

export function createBoot({ load, steps, packs, warmUp, comfy, client, log }: BootOptions): Boot {
  const state = createBootState(log);
  let workflow: Workflow | undefined;

  const boot = async (abort: AbortSignal): Promise<void> => {
    state.enter("contract");
    workflow = load();
    for (const phase of ["models", "nodes"] as const) {
      const step = steps[phase];
      if (step === undefined) continue;
      state.enter(phase);
      await step(state.report, abort);
      if (abort.aborted) return;
    }
    comfy.start();
    let silences = 0;
    while (state.phase !== "ready") {
      state.enter("comfyui");
      await comfy.whenUp(abort);
      if (abort.aborted) return;
      state.enter("preflight");
      const silence = await preflight(workflow.prompt, packs(), client);
      if (silence !== undefined) {
        await sleep(againMs, undefined, { signal: abort });
        // One that fell is started again by now. One that is still there hangs.
        silences = comfy.state().kind === "up" ? silences + 1 : 0;
        if (silences === mostSilences) {
          silences = 0;
          comfy.replace(silence);
        }
        continue;
      }
      comfy.accept();
      if (warmUp !== null) {
        state.enter("warm_up");
        await warmUp(workflow, abort);
      }
      state.enter("ready");
    }
  };

  /** Ready once, ComfyUI may still be given up later. */
  const failure = (): Failure | undefined => {
    const now = comfy.state();
    const hasFallen = state.phase === "ready" && now.kind === "failed";
    return state.failure ?? (hasFallen ? failureOf(new Error(now.reason), "comfyui") : undefined);
  };

  return {
    run: async (abort) => {
      try {
        await boot(abort);
      } catch (error) {
        if (abort.aborted) return;
        const why = failureOf(error, state.phase);
        state.fail(why);
        const { stage, reason, remedy, details } = why;
        log.error("boot failed", { phase: state.phase, ...errorFields(error), stage, reason, remedy, details });
      }
    },
    health: () => {
      if (state.failure !== undefined) return state.view();
      if (state.phase !== "ready") return { ...state.view(), ...restartDetail(comfy) };
      const fallen = failure();
      if (fallen !== undefined) return { status: "failed", phase: "comfyui", ...shownOf(fallen) };
      // Fallen for a moment, it is started again: jobs wait until it stands.
      return comfy.state().kind === "up"
        ? { status: "ok", phase: "ready" }
        : { status: "starting", phase: "comfyui", ...restartDetail(comfy) };
    },
    failure,
    workflow: () => workflow,
  };
}

function restartDetail(comfy: Pick<ComfyServer, "state">): { detail?: string } {
  const state = comfy.state();
  return state.kind === "starting" && state.detail !== undefined ? { detail: state.detail } : {};
}
