import express from "express";
import { errorCodes, type PruneRequest, type PruneView, routes } from "../../contract/api.ts";
import { answer, checked, type Handlers, HttpProblem } from "../http.ts";
import { parseBody } from "../jobs/body.ts";
import type { Boot } from "./boot.ts";

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
        const { detail, stage, reason, remedy, details } = failure;
        const original = { status: "artifact_resolver_failed", stage, message: detail, details };
        response.status(503).json({ error: errorCodes.notReady, detail, ...original, reason, remedy });
      },
    ],
    pruneModels: [
      express.raw({ type: () => true, limit: 64 * 1024 }),
      answer<"pruneModels">(async (request) => {
        if (prune === null) {
          const detail = "this gateway keeps no models: its ComfyUI is somebody else's";
          throw new HttpProblem(404, errorCodes.notFound, { detail });
        }
        const { phase } = boot.health();
        if (phase === "contract" || phase === "models") {
          const detail = `the endpoint boots (${phase}): what it needs is not known yet; come again later`;
          throw new HttpProblem(503, errorCodes.notReady, { detail }, { "retry-after": "10" });
        }
        const isEmpty = !Buffer.isBuffer(request.body) || request.body.length === 0;
        const body = await prune(checked(routes.pruneModels.body, isEmpty ? {} : parseBody(request.body)));
        return { status: 200, body };
      }),
    ],
  };
}
