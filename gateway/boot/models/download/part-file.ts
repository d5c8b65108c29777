import type { FileHandle } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import type { Range } from "./ranges.ts";
import { Hopeless } from "./retry.ts";

/** Pieces of the network are small; the disk is told of them in larger ones, but those of slow servers do not wait for that. */
const batchBytes = 512 * 1024;
const batchMs = 100;

/**
 * Writes what comes to its place in the file. The next piece is received while the last one is written.
 * @param onWritten told each range once it is written
 * @throws what the network says, after everything that came before is written
 * @throws {Hopeless} when the disk does not take it
 */
export async function writeBody(
  body: IncomingMessage,
  file: FileHandle,
  { from, to }: Range,
  onWritten: (range: Range) => void,
): Promise<void> {
  let at = from;
  let batch: Uint8Array[] = [];
  let batched = 0;
  let batchSince = performance.now();
  let writing: Promise<void> = Promise.resolve();

  const flush = async (): Promise<void> => {
    const full = batch;
    const start = at;
    at += batched;
    batch = [];
    batched = 0;
    batchSince = performance.now();
    await writing;
    if (full.length === 0) return;
    writing = writeAll(file, full, start).then(() => onWritten({ from: start, to: start + lengthOf(full) }));
    // Awaited by whoever comes next; without this a failure meanwhile would end the process.
    writing.catch(() => undefined);
  };

  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (at + batched + chunk.length > to) throw new Error("it sends more bytes than it was asked for");
      batch.push(chunk);
      batched += chunk.length;
      if (batched >= batchBytes || performance.now() - batchSince >= batchMs) await flush();
    }
  } finally {
    body.destroy();
    await flush();
    await writing;
  }
}

const lengthOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> {
  const length = lengthOf(chunks);
  try {
    const { bytesWritten } = await file.writev(chunks, position);
    if (bytesWritten === length) return;
    const rest = Buffer.concat(chunks).subarray(bytesWritten);
    for (let done = 0; done < rest.length; ) {
      done += (await file.write(rest, done, rest.length - done, position + bytesWritten + done)).bytesWritten;
    }
  } catch (cause) {
    throw diskError(cause);
  }
}

export const moreRoom = "give the pod a larger volume, or remove models that no app needs (comfy-endpoints prune)";

/** The error of a disk that does not take what is written. */
export function diskError(cause: unknown): Hopeless {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT"
    ? new Hopeless("the volume is full", moreRoom, { cause })
    : new Hopeless(`it cannot be written: ${message}`, "see to it that the gateway may write to the volume", { cause });
}
