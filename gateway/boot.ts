import { setTimeout as sleep } from "node:timers/promises";
import type { BootPhase, Health } from "../contract/api.ts";
import type { Prompt } from "../contract/workflow.ts";
import { type ComfyClient, Unreachable } from "./comfy/client.ts";
import type { ComfyServer } from "./comfy/server.ts";
import { errorFields, type Log, messageOf } from "./log.ts";
import type { Workflow } from "./workflow/load.ts";

export interface BootOptions {
  load: () => Workflow;
  comfy: Pick<ComfyServer, "start" | "state" | "whenUp">;
  client: Pick<ComfyClient, "hasClass">;
  log: Log;
}

/** The way from an empty container to an endpoint that runs jobs. The gateway answers requests all along it. */
export interface Boot {
  /** Goes through the phases; ends when the endpoint is ready, or failed for good. Never throws. */
  run(abort: AbortSignal): Promise<void>;
  health(): Health;
  /** What the endpoint runs, once it is known. */
  workflow(): Workflow | undefined;
}

const againMs = 500;

export function createBoot({ load, comfy, client, log }: BootOptions): Boot {
  let phase: BootPhase = "contract";
  let failure: string | undefined;
  let workflow: Workflow | undefined;

  const enter = (next: BootPhase): void => {
    phase = next;
    log.info("boot", { phase });
  };

  const boot = async (abort: AbortSignal): Promise<void> => {
    enter("contract");
    workflow = load();
    enter("comfyui");
    comfy.start();
    while (phase !== "ready") {
      await comfy.whenUp(abort);
      if (abort.aborted) return;
      enter("preflight");
      if (await preflight(workflow.prompt, client)) enter("ready");
      else await sleep(againMs);
    }
  };

  return {
    run: async (abort) => {
      try {
        await boot(abort);
      } catch (error) {
        if (abort.aborted) return;
        failure = messageOf(error);
        log.error("boot failed", { phase, ...errorFields(error) });
      }
    },
    health: () => {
      if (failure !== undefined) return { status: "failed", phase, detail: failure };
      if (phase !== "ready") return { status: "starting", phase, ...restartDetail(comfy) };
      // Ready once, ComfyUI may still fall: jobs wait until it stands again.
      return comfy.state().kind === "up"
        ? { status: "ok", phase }
        : { status: "starting", phase: "comfyui", ...restartDetail(comfy) };
    },
    workflow: () => workflow,
  };
}

function restartDetail(comfy: Pick<ComfyServer, "state">): { detail?: string } {
  const state = comfy.state();
  return state.kind === "starting" && state.detail !== undefined ? { detail: state.detail } : {};
}

/**
 * Every node of the workflow must be known to ComfyUI: found now, by a look, and not by the first caller.
 * @returns false when ComfyUI fell meanwhile
 * @throws when it lacks a class
 */
async function preflight(prompt: Prompt, client: Pick<ComfyClient, "hasClass">): Promise<boolean> {
  const classes = [...new Set(Object.values(prompt).map((node) => node.class_type))];
  const missing: string[] = [];
  try {
    for (const name of classes) if (!(await client.hasClass(name))) missing.push(name);
  } catch (error) {
    if (error instanceof Unreachable) return false;
    throw error;
  }
  if (missing.length === 0) return true;
  const nodes = Object.entries(prompt)
    .filter(([, node]) => missing.includes(node.class_type))
    .map(([id, node]) => `${node.class_type} (node ${id})`);
  throw new Error(
    `ComfyUI lacks node classes of the workflow: ${nodes.join(", ")}; add the node packs that bring them to the app`,
  );
}
