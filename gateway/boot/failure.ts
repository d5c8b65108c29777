import { type BootPhase, errorCodes, type ResponseBody } from "../../contract/api.ts";
import { messageOf } from "../log.ts";

/** Steps of a boot that can fail, as callers are told; some have the original's names. */
type BootStage = BootPhase | "settings" | "artifact_config" | "model_resolution" | "custom_node_resolution";

/** Why a boot failed for good. All of it is shown to callers. */
export interface Failure {
  stage: BootStage;
  reason: string;
  /** What somebody can do about it, as a clause. */
  remedy: string;
  /** Both in one line. */
  detail: string;
  /** More of it, for programs. */
  details?: Record<string, unknown> | undefined;
}

/** Ends a boot for good. */
export class BootFailure extends Error {
  readonly failure: Failure;

  constructor(
    stage: BootStage,
    reason: string,
    remedy: string,
    { details, ...options }: ErrorOptions & { details?: Record<string, unknown> } = {},
  ) {
    super(`${reason}; ${remedy}`, options);
    this.failure = { stage, reason, remedy, detail: this.message, details };
  }
}

/** What may be done where an error does not say it apart. */
const remedies: Record<BootPhase, string> = {
  contract: "correct the workflow or its contract, and deploy again",
  models: "correct the app's artifacts, and deploy again",
  nodes: "correct the app's node packs, and deploy again",
  comfyui: "read what ComfyUI says in the log (GET /logs)",
  preflight: "correct the workflow or the app's node packs, and deploy again",
  warm_up: "correct the app's endpoint.warm_up, and deploy again",
  ready: "read the log (GET /logs)",
};

/** What anybody may see of it, at `/healthz`. */
export const shownOf = ({ detail, stage, reason, remedy }: Failure): Omit<Failure, "details"> => ({
  ...{ detail, stage, reason, remedy },
});

/** All of it, as `/artifact-resolver/error` tells it. */
export const errorOf = ({ detail, stage, reason, remedy, details }: Failure): ResponseBody<"bootError", 503> => ({
  ...{ error: errorCodes.notReady, detail },
  ...{ status: "artifact_resolver_failed", stage, message: detail, details },
  ...{ reason, remedy },
});

/** A thrown thing as the failure of a phase. */
export function failureOf(error: unknown, phase: BootPhase): Failure {
  if (error instanceof BootFailure) return error.failure;
  const message = messageOf(error);
  return { stage: phase, reason: message, remedy: remedies[phase], detail: message };
}
