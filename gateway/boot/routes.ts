import express from "express";
import { errorCodes, type Health, type PruneRequest, type PruneView, routes } from "../../contract/api.ts";
import { answer, checked, type Handlers, HttpProblem } from "../http.ts";
import { parseBody } from "../jobs/body.ts";
import type { Boot } from "./boot.ts";
import { errorOf } from "./failure.ts";

export interface BootRoutesOptions {
  boot: Pick<Boot, "health" | "failure">;
  /** Removes models that nobody needs; null where the gateway keeps none. */
  prune: ((request: PruneRequest) => Promise<PruneView>) | null;
}

/** What a boot says besides `/healthz`, and what it brought along. */
export function bootHandlers({ boot, prune }: BootRoutesOptions): Pick<Handlers, "bootError" | "pruneModels"> {
  return {
    bootError: [
      (_request, response) => {
        const failure = boot.failure();
        if (failure === undefined) {
          response.status(204).end();
          return;
        }
        response.status(503).json(errorOf(failure));
      },
    ],
    pruneModels: [
      express.raw({ type: () => true, limit: 64 * 1024 }),
      answer<"pruneModels">(async (request) => {
        if (prune === null) {
          const detail = "this gateway keeps no models: its ComfyUI is somebody else's";
          throw new HttpProblem(404, errorCodes.notFound, { detail });
        }
        const health = boot.health();
        if (!knowsItsModels(health)) {
          const detail = `what the endpoint needs is not known yet (${health.phase}); come again when it is`;
          throw new HttpProblem(503, errorCodes.notReady, { detail }, { "retry-after": "10" });
        }
        const isEmpty = !Buffer.isBuffer(request.body) || request.body.length === 0;
        const body = await prune(checked(routes.pruneModels.body, isEmpty ? {} : parseBody(request.body)));
        return { status: 200, body };
      }),
    ],
  };
}

/** Whether the pod has said which models it needs; a boot that failed for lack of room has, and waits for a prune. */
function knowsItsModels({ phase, status, stage }: Health): boolean {
  if (phase === "contract" || stage === "artifact_config") return false;
  return phase !== "models" || status === "failed";
}
