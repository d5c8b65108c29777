import { UserError } from "../../../contract/errors.ts";
import { SourceRefused, shown } from "../../../contract/models/source.ts";
import { messageOf } from "../../log.ts";
import { BootFailure } from "../failure.ts";
import { Hopeless } from "./download/retry.ts";
import type { PlannedModel } from "./plan.ts";

/** A model that cannot be had, and why. */
export interface Unresolved {
  model: PlannedModel;
  error: unknown;
}

/** The failure of a boot that cannot have some of its models. */
export function modelsFailure(unresolved: readonly Unresolved[]): BootFailure {
  const found = unresolved.map(({ model: { target, sourceUrl }, error }) => ({
    ...{ filename: target.split("/").at(-1) ?? target, target, source_url: shown(sourceUrl) },
    ...{ reason: messageOf(error), remedy: remedyOf(error) },
  }));
  const reasons = found.map(({ target, reason }) => `${target} cannot be fetched: ${reason}`);
  const remedies = [...new Set(found.map(({ remedy }) => remedy))];
  return new BootFailure("model_resolution", reasons.join("; "), remedies.join("; "), {
    cause: unresolved[0]?.error,
    details: { unresolved_models: found },
  });
}

function remedyOf(error: unknown): string {
  if (error instanceof SourceRefused || error instanceof Hopeless) return error.remedy;
  if (error instanceof UserError) return "correct the app's artifacts, and deploy again";
  return "start the pod again, which goes on where this ended, or give another source";
}
