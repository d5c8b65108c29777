import { errorCodes } from "../contract/api.ts";
import type { Boot } from "./boot/boot.ts";
import { HttpProblem } from "./http.ts";
import type { Workflow } from "./workflow/load.ts";

/**
 * What the endpoint runs. Jobs are taken from the moment the workflow is known: they wait for the rest of the boot.
 * @throws {HttpProblem} 503 before that, and after a failed boot
 */
export function readiness(boot: Pick<Boot, "health" | "workflow">): Workflow {
  const workflow = boot.workflow();
  const { status, phase, detail, stage, reason, remedy } = boot.health();
  if (workflow !== undefined && status !== "failed") return workflow;
  const why = { detail: detail ?? `the endpoint boots: ${phase}`, stage, reason, remedy };
  throw new HttpProblem(503, errorCodes.notReady, why, { "retry-after": "10" });
}
