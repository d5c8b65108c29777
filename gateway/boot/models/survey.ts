import { type Log, messageOf } from "../../log.ts";
import type { Source } from "./download/source.ts";
import type { PlannedModel } from "./plan.ts";
import { lookAtModel, settle } from "./present.ts";
import type { ModelFolders } from "./store.ts";

/** A model that is to be fetched, and from where. */
export interface Missing {
  model: PlannedModel;
  source: Source;
}

/**
 * Whether a model has to be fetched; undefined when it is there. What is there and known is not asked for anywhere.
 * @param find looks its source up
 * @throws what the source says
 */
export async function surveyModel(
  model: PlannedModel,
  find: () => Promise<Source>,
  { folders, log }: { folders: ModelFolders; log: Log },
  abort: AbortSignal,
): Promise<Missing | undefined> {
  let found = await lookAtModel(folders, model);
  if (found.kind === "ready") return undefined;
  let source: Source | undefined;
  if (found.kind === "unsure") {
    source = await find().catch((error: unknown) => {
      log.warn("model is taken as it is", { model: model.target, reason: messageOf(error) });
      return undefined;
    });
    found = await settle(folders, model, source?.resolved, abort);
    if (found.kind === "ready") return undefined;
  }
  if (found.kind === "wrong") log.warn("model is fetched again", { model: model.target, reason: found.reason });
  return { model, source: source ?? (await find()) };
}
