import { stat } from "node:fs/promises";
import type { ModelProgress } from "../../../contract/api.ts";
import type { Artifact } from "../../../contract/models/artifact.ts";
import type { Hub } from "../../../contract/models/hubs/hub.ts";
import type { Tokens } from "../../../contract/models/hubs/known.ts";
import type { Log } from "../../log.ts";
import { BootFailure } from "../failure.ts";
import type { StepReport } from "../state.ts";
import { thisProcess } from "../volume-lock.ts";
import { keepClaim } from "./claims.ts";
import { allOrNone } from "./download/all-or-none.ts";
import { diskError } from "./download/part-file.ts";
import { createRequests } from "./download/requests.ts";
import { usualRetries } from "./download/retry.ts";
import { createSlots } from "./download/slots.ts";
import { openSource, type Source } from "./download/source.ts";
import { type FetchLimits, fetchModel, logRetries } from "./fetch-model.ts";
import { modelsFailure, type Unresolved } from "./models-failure.ts";
import { type PlannedModel, planModels } from "./plan.ts";
import { createModelsProgress, summary } from "./progress.ts";
import { checkRoom } from "./room.ts";
import { makeFolders, modelFolders } from "./store.ts";
import { type Missing, surveyModel } from "./survey.ts";

export interface ModelsOptions {
  artifacts: readonly Artifact[];
  /** Models folder on the volume. */
  root: string;
  tokens: Tokens;
  /** The pod's id. */
  pod: string;
  log: Log;
  /** Other figures than the usual ones, other hubs than the public ones, and further certificates to believe. */
  limits?: Partial<FetchLimits> | undefined;
  hubs?: readonly Hub[] | undefined;
  ca?: string | undefined;
}

const usualLimits: FetchLimits = {
  ...{ connections: 16, connectionsPerModel: 8, models: 3, pieceBytes: 16 * 1024 ** 2, journalMs: 200 },
  ...{ retries: usualRetries, beatMs: 5000, staleMs: 60_000 },
};

const reportMs = 500;
const logMs = 15_000;

/**
 * Every model that the app declares is in its place when this ends, whole and verified.
 * @throws {BootFailure}
 */
export async function bringModels(options: ModelsOptions, report: StepReport, abort: AbortSignal): Promise<void> {
  const { root, tokens, hubs, ca, log } = options;
  const plan = planModels(options.artifacts, root);
  const limits = { ...usualLimits, ...options.limits };
  const folders = modelFolders(root);
  try {
    await makeFolders(folders);
    // First: from now on no other pod prunes them.
    await keepClaim(folders, { pod: options.pod, targets: plan.map(({ target }) => target) }, abort);
  } catch (cause) {
    const { message, remedy } = diskError(cause);
    throw new BootFailure("models", `${root}: ${message}`, remedy, { cause });
  }

  if (plan.length === 0) return;

  const requests = createRequests({ ca });
  const find = ({ target, sourceUrl }: PlannedModel): Promise<Source> => {
    const onRetry = logRetries(log, target);
    return openSource(sourceUrl, { requests, tokens, hubs, retries: limits.retries, onRetry }, abort);
  };
  const progress = createModelsProgress(plan.map(({ target }) => target));
  const ready = async ({ target, path }: PlannedModel): Promise<void> => {
    const { size } = await stat(path);
    progress.set(target, { state: "ready", bytes: size, size });
  };
  const tell = (): void => report({ ...summary(progress.view()), models: progress.view() });
  const telling = setInterval(tell, reportMs);
  const logging = setInterval(() => logProgress(log, progress.view()), logMs);

  try {
    tell();
    const missing = await survey(plan, find, { folders, log, ready }, abort);
    for (const { model, source } of missing) progress.set(model.target, { size: source.resolved.sizeBytes ?? null });
    await checkRoom(folders, missing);
    const fetching = {
      folders,
      me: thisProcess(options.pod),
      slots: createSlots(limits.connections),
      limits,
      progress,
      log,
    };
    await inTurns(missing, limits.models, abort, async ({ model, source }, signal) => {
      let found: Source | undefined = source;
      const next = (): Promise<Source> => {
        const first = found;
        found = undefined;
        return first === undefined ? find(model) : Promise.resolve(first);
      };
      await fetchModel(model, next, fetching, signal).catch((error: unknown) => {
        throw signal.aborted ? error : modelsFailure([{ model, error }]);
      });
      await ready(model);
    });
    tell();
  } finally {
    clearInterval(telling);
    clearInterval(logging);
    requests.close();
  }
}

/**
 * Which models lack, each with its source.
 * @throws {BootFailure} naming all that cannot be had
 */
async function survey(
  plan: readonly PlannedModel[],
  find: (model: PlannedModel) => Promise<Source>,
  {
    folders,
    log,
    ready,
  }: Pick<Parameters<typeof surveyModel>[2], "folders" | "log"> & { ready: (model: PlannedModel) => Promise<void> },
  abort: AbortSignal,
): Promise<Missing[]> {
  const slots = createSlots(8);
  const unresolved: Unresolved[] = [];
  const found = await Promise.all(
    plan.map((model) =>
      slots.use(async () => {
        try {
          const missing = await surveyModel(model, () => find(model), { folders, log }, abort);
          if (missing === undefined) await ready(model);
          return missing;
        } catch (error) {
          unresolved.push({ model, error });
          return undefined;
        }
      }),
    ),
  );
  if (unresolved.length > 0) throw modelsFailure(unresolved);
  return found.filter((each) => each !== undefined);
}

/** Does something with each, some at once; the first that fails ends all. */
async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  abort: AbortSignal,
  act: (item: T, abort: AbortSignal) => Promise<void>,
): Promise<void> {
  const failing = new AbortController();
  const signal = AbortSignal.any([abort, failing.signal]);
  const left = [...items];
  const turn = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined && !signal.aborted; item = left.shift()) await act(item, signal);
  };
  await allOrNone(Array.from({ length: atOnce }, turn), failing);
  abort.throwIfAborted();
}

function logProgress(log: Log, models: readonly ModelProgress[]): void {
  for (const { name, state, bytes, size, bytes_per_second, eta_seconds } of models) {
    if (state !== "downloading" && state !== "elsewhere") continue;
    log.info("model progress", { model: name, state, bytes, size, bytes_per_second, eta_seconds });
  }
}
