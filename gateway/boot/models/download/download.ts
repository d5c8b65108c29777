import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { allOrNone } from "./all-or-none.ts";
import { readJournal, writeJournal } from "./journal.ts";
import { diskError, writeBody } from "./part-file.ts";
import { createPrefixHash, type PrefixHash } from "./prefix-hash.ts";
import { addRange, missingPieces, type Range, totalBytes, wholeUntil } from "./ranges.ts";
import { Hopeless, type RetryPolicy, withRetries } from "./retry.ts";
import type { Slots } from "./slots.ts";
import type { Source } from "./source.ts";

export interface DownloadOptions {
  source: Source;
  /** The unfinished file, and the journal of its bytes; both outlive a crash. */
  partPath: string;
  journalPath: string;
  /** Connections of all downloads together. */
  slots: Slots;
  /** Connections of this one. */
  connections: number;
  pieceBytes: number;
  /** Pause between two entries of the journal; what came after the last one is fetched again after a crash. */
  journalMs: number;
  retries: RetryPolicy;
  /** Told how many bytes there are. */
  onProgress: (bytes: number) => void;
  onRetry: (error: unknown, waitMs: number) => void;
}

export interface Downloaded {
  sizeBytes: number;
  /** Hex. */
  sha256: string;
  /** Bytes that an earlier try had left. */
  resumedBytes: number;
}

/**
 * Fetches a file into its part file, which is whole and on disk when this ends. Goes on where the journal ends.
 * @throws what the source or the network says in the end
 * @throws {Hopeless}
 */
export async function download(options: DownloadOptions, abort: AbortSignal): Promise<Downloaded> {
  const file = await openPart(options.partPath);
  try {
    const { sizeBytes, ranges } = options.source.resolved;
    return ranges && sizeBytes !== undefined
      ? await fetchPieces(options, file, sizeBytes, abort)
      : await fetchWhole(options, file, abort);
  } finally {
    await file.close();
  }
}

async function openPart(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+").catch(() => open(path, "w+"));
  } catch (cause) {
    throw diskError(cause);
  }
}

async function fetchPieces(
  options: DownloadOptions,
  file: FileHandle,
  size: number,
  abort: AbortSignal,
): Promise<Downloaded> {
  const { source, journalPath, slots, connections, pieceBytes, retries, onProgress, onRetry } = options;
  let done = await journaled(journalPath, size, file);
  const resumedBytes = totalBytes(done);
  const hash = createPrefixHash(file, abort);
  const written = (range: Range): void => {
    done = addRange(done, range);
    hash.advance(wholeUntil(done));
    onProgress(totalBytes(done));
  };
  onProgress(resumedBytes);
  hash.advance(wholeUntil(done));

  const failing = new AbortController();
  const signal = AbortSignal.any([abort, failing.signal]);
  const pieces = missingPieces(done, size, pieceBytes);

  const fetchPiece = async (piece: Range): Promise<void> => {
    let from = piece.from;
    let before = from;
    const receive = (): Promise<void> =>
      slots.use(async () => {
        before = from;
        const body = await source.open({ from, to: piece.to }, signal);
        await writeBody(body, file, { from, to: piece.to }, (range) => {
          from = range.to;
          written(range);
        });
        if (from < piece.to) throw new Error(`it stops after ${from - before} of ${piece.to - before} bytes`);
      });
    await withRetries(receive, retries, signal, { progressed: () => from > before, onRetry });
  };
  const connection = async (): Promise<void> => {
    for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) await fetchPiece(piece);
  };
  const journal = keepJournal(options, file, () => done);
  try {
    await allOrNone(Array.from({ length: connections }, connection), failing);
  } finally {
    await journal.end();
  }
  await sync(file);
  return { sizeBytes: size, sha256: await hash.digest(size), resumedBytes };
}

/** What the journal says is there, as far as the file can hold it. */
async function journaled(path: string, size: number, file: FileHandle): Promise<Range[]> {
  const done = await readJournal(path, size);
  const { size: length } = await file.stat();
  return done.every(({ to }) => to <= length) ? done : [];
}

/** Writes the journal from time to time, each time after the bytes it speaks of. */
function keepJournal(
  { journalPath, journalMs }: DownloadOptions,
  file: FileHandle,
  done: () => Range[],
): { end(): Promise<void> } {
  const ending = new AbortController();
  const { signal } = ending;
  let noted = done();
  const note = async (): Promise<void> => {
    const now = done();
    if (now === noted) return;
    await file.datasync();
    await writeJournal(journalPath, now);
    noted = now;
  };
  const keep = async (): Promise<void> => {
    while (!signal.aborted) {
      await sleep(journalMs, undefined, { signal }).catch(() => undefined);
      // A journal that cannot be written costs bytes after a crash, and nothing else.
      await note().catch(() => undefined);
    }
  };
  const keeping = keep();
  return {
    end: async () => {
      ending.abort();
      await keeping;
    },
  };
}

/** For servers that give no parts: each try begins anew. */
async function fetchWhole(options: DownloadOptions, file: FileHandle, abort: AbortSignal): Promise<Downloaded> {
  const { source, slots, retries, onProgress, onRetry } = options;
  const { sizeBytes = Number.POSITIVE_INFINITY } = source.resolved;
  let hash: PrefixHash = createPrefixHash(file, abort);
  let end = 0;
  const receive = (): Promise<void> =>
    slots.use(async () => {
      end = 0;
      hash = createPrefixHash(file, abort);
      await file.truncate(0);
      await writeBody(await source.open(undefined, abort), file, { from: 0, to: sizeBytes }, ({ to }) => {
        end = to;
        hash.advance(to);
        onProgress(to);
      });
      if (sizeBytes !== Number.POSITIVE_INFINITY && end < sizeBytes) {
        throw new Error(`it stops after ${end} of ${sizeBytes} bytes`);
      }
    });
  await withRetries(receive, retries, abort, { onRetry });
  if (end === 0) throw new Hopeless("it is empty", 'check "source_url"');
  await sync(file);
  return { sizeBytes: end, sha256: await hash.digest(end), resumedBytes: 0 };
}

async function sync(file: FileHandle): Promise<void> {
  try {
    await file.datasync();
  } catch (cause) {
    throw diskError(cause);
  }
}
