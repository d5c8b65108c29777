import { readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ResolvedSource, shown } from "../../../contract/models/source.ts";
import { syncFolder } from "../../durable.ts";
import { type Log, messageOf } from "../../log.ts";
import { type Holder, takeLock, type VolumeLock } from "../volume-lock.ts";
import { type Downloaded, download } from "./download/download.ts";
import { Hopeless, type RetryPolicy, SourceChanged } from "./download/retry.ts";
import type { Slots } from "./download/slots.ts";
import type { Source } from "./download/source.ts";
import type { PlannedModel } from "./plan.ts";
import { lookAtModel, wrongHash, wrongSize } from "./present.ts";
import type { ModelsProgress } from "./progress.ts";
import { digest, isBegun, keyOf, type ModelFolders, makeModelFolder, writeRecord } from "./store.ts";

/** How models are fetched: figures that only tests and benches change. */
export interface FetchLimits {
  /** Connections of all downloads together, and of one. */
  connections: number;
  connectionsPerModel: number;
  /** Models that are fetched at once. */
  models: number;
  pieceBytes: number;
  journalMs: number;
  retries: RetryPolicy;
  /** Of the lock: from beat to beat, and how long a silent one is respected. */
  beatMs: number;
  staleMs: number;
}

export interface FetchOptions {
  folders: ModelFolders;
  me: Holder;
  slots: Slots;
  limits: FetchLimits;
  progress: ModelsProgress;
  log: Log;
}

/**
 * Brings a model to its place, verified; waits where another pod on the volume is about to.
 * @param find looks its source up, anew at each call
 * @throws {Hopeless}
 * @throws what the source or the network says in the end
 */
export async function fetchModel(
  model: PlannedModel,
  find: () => Promise<Source>,
  options: FetchOptions,
  abort: AbortSignal,
): Promise<void> {
  const { folders, progress, log } = options;
  for (let changes = 0; ; ) {
    const lock = await lockModel(model, options, abort);
    try {
      // Another pod may just have brought it.
      if ((await lookAtModel(folders, model)).kind === "ready") return;
      await fetchLocked(model, await find(), lock, options, AbortSignal.any([abort, lock.lost]));
      return;
    } catch (error) {
      abort.throwIfAborted();
      // It is fetched by somebody else now: wait for that.
      const isLost = lock.lost.aborted;
      if (!isLost && !(error instanceof SourceChanged && ++changes <= mostChanges)) throw error;
      log.warn("model begins anew", { model: model.target, reason: messageOf(error) });
    } finally {
      progress.set(model.target, { state: "waiting" });
      await lock.release();
    }
  }
}

const mostChanges = 2;

function lockModel(
  { target }: PlannedModel,
  { folders, me, limits, progress }: FetchOptions,
  abort: AbortSignal,
): Promise<VolumeLock> {
  const options = {
    ...{ folder: folders.incoming, name: `${keyOf(target)}.lock`, me },
    ...{ beatMs: limits.beatMs, staleMs: limits.staleMs },
    progress: () => {
      const { bytes = 0, size = null } = progress.view().find(({ name }) => name === target) ?? {};
      return { bytes, size };
    },
    onWait: ({ bytes, size }: { bytes: number; size: number | null }) =>
      progress.set(target, { state: "elsewhere", bytes, size }),
  };
  return takeLock(options, abort);
}

async function fetchLocked(
  model: PlannedModel,
  source: Source,
  lock: VolumeLock,
  { folders, slots, limits, progress, log }: FetchOptions,
  abort: AbortSignal,
): Promise<void> {
  const { target, path, sourceUrl } = model;
  const { resolved } = source;
  checkFacts(model, resolved);
  await makeModelFolder(folders, model);
  const begun = join(folders.incoming, `${keyOf(target)}.${identityOf(model, resolved)}`);
  await removeOthers(folders.incoming, `${keyOf(target)}.`, begun);

  progress.set(target, { state: "downloading", size: resolved.sizeBytes ?? null });
  log.info("model download begins", { model: target, from: shown(sourceUrl), size: resolved.sizeBytes });
  const since = performance.now();
  const found = await download(
    {
      ...{ source, slots, partPath: `${begun}.part`, journalPath: `${begun}.journal` },
      ...{ connections: limits.connectionsPerModel, pieceBytes: limits.pieceBytes, journalMs: limits.journalMs },
      retries: limits.retries,
      onProgress: (bytes) => progress.set(target, { bytes }),
      onRetry: logRetries(log, target),
    },
    abort,
  );
  const problem = problemOf(found, model, resolved);
  if (problem !== undefined) {
    await removeOthers(folders.incoming, `${keyOf(target)}.`);
    // Bytes that a crash left behind may be to blame: those of one try are not trusted again.
    throw found.resumedBytes > 0 ? new SourceChanged(problem, checkDeclared) : new Hopeless(problem, checkDeclared);
  }
  await lock.check();
  await rename(`${begun}.part`, path);
  await syncFolder(dirname(path));
  await writeRecord(folders, model, found.sha256);
  await removeOthers(folders.incoming, `${keyOf(target)}.`);
  const ms = Math.round(performance.now() - since);
  log.info("model is there", { model: target, size: found.sizeBytes, resumed: found.resumedBytes, ms });
}

/** Tells why something about a model is tried again, and when. */
export const logRetries =
  (log: Log, model: string) =>
  (error: unknown, waitMs: number): void =>
    log.warn("model is tried again", { model, reason: messageOf(error), wait_ms: Math.round(waitMs) });

const checkDeclared = 'check "source_url", "sha256" and "size_bytes", or run comfy-endpoints lock again';

/** What was declared and what the hub says must agree before anything is fetched. */
function checkFacts({ sha256, sizeBytes }: PlannedModel, resolved: ResolvedSource): void {
  if (sizeBytes !== undefined && resolved.sizeBytes !== undefined && sizeBytes !== resolved.sizeBytes) {
    throw new Hopeless(wrongSize(resolved.sizeBytes, sizeBytes), checkDeclared);
  }
  if (sha256 !== undefined && resolved.sha256 !== undefined && sha256 !== resolved.sha256) {
    throw new Hopeless(wrongHash(resolved.sha256, sha256), checkDeclared);
  }
}

function problemOf(
  found: Downloaded,
  { sha256, sizeBytes }: PlannedModel,
  resolved: ResolvedSource,
): string | undefined {
  const size = sizeBytes ?? resolved.sizeBytes;
  if (size !== undefined && found.sizeBytes !== size) return wrongSize(found.sizeBytes, size);
  const hash = sha256 ?? resolved.sha256;
  return hash !== undefined && found.sha256 !== hash ? wrongHash(found.sha256, hash) : undefined;
}

/** What must not have changed for a part file to be gone on with. */
function identityOf({ sourceUrl, sha256 }: PlannedModel, { sizeBytes, etag, ...resolved }: ResolvedSource): string {
  const hash = sha256 ?? resolved.sha256;
  return digest(JSON.stringify(hash === undefined ? [sourceUrl, sizeBytes, etag] : [hash, sizeBytes])).slice(0, 12);
}

/** Removes what was begun of a model, but for the files that begin with `kept`, and its locks. */
async function removeOthers(folder: string, beginning: string, kept?: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const isPart = name.startsWith(beginning) && isBegun(name);
    if (isPart && (kept === undefined || !path.startsWith(kept))) await rm(path, { force: true });
  }
}
