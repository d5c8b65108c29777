import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { UserError } from "../../contract/errors.ts";
import type { Connection } from "./connection.ts";
import { retry } from "./retry.ts";

export interface Downloaded {
  path: string;
  size: number;
  mediaType: string;
}

/** A download that has got as far as bytes. */
interface Begun {
  path: string;
  part: string;
  mediaType: string;
  etag: string | null;
}

/**
 * Downloads a file to where `pathOf` says, whole or not at all; one that breaks off goes on where it was.
 * @throws {UserError} when it cannot be written
 */
export async function downloadFile(
  connection: Connection,
  fileId: string,
  pathOf: (mediaType: string) => string,
  signal: AbortSignal,
): Promise<Downloaded> {
  const file: { begun?: Begun; written: number } = { written: 0 };

  const attempt = async (): Promise<void> => {
    const { begun, written } = file;
    const range = written > 0 && begun?.etag ? { range: `bytes=${written}-`, "if-range": begun.etag } : undefined;
    const sent = await connection.send("downloadFile", {
      parameters: { id: fileId },
      ...(range !== undefined && { headers: range }),
    });
    const { response } = sent;
    if (!response.ok || response.body === null) throw await connection.refusal(sent);
    const mediaType = response.headers.get("content-type") ?? "application/octet-stream";
    const path = begun?.path ?? pathOf(mediaType);
    const part = `${path}.${process.pid}.part`;
    file.begun = { path, part, mediaType, etag: response.headers.get("etag") };
    const goesOn = response.status === 206;
    const target = createWriteStream(part, { flags: goesOn ? "a" : "w" });
    try {
      await pipeline(Readable.fromWeb(response.body), target);
    } catch (cause) {
      if (isFileSystemError(cause)) throw cannotWrite(path, cause);
      throw connection.brokenOff(sent.label, cause);
    } finally {
      file.written = (goesOn ? written : 0) + target.bytesWritten;
    }
  };

  try {
    await retry(attempt, signal);
    if (file.begun === undefined) throw new Error("a file that was downloaded has a path");
    const { path, part, mediaType } = file.begun;
    await rename(part, path).catch((cause: unknown) => {
      throw cannotWrite(path, cause);
    });
    return { path, size: file.written, mediaType };
  } catch (error) {
    if (file.begun !== undefined) await rm(file.begun.part, { force: true });
    throw error;
  }
}

const isFileSystemError = (error: unknown): boolean =>
  error instanceof Error && "syscall" in error && ["open", "write", "close"].includes(String(error.syscall));

const cannotWrite = (path: string, cause: unknown): UserError =>
  new UserError(`${path} cannot be written (${cause instanceof Error ? cause.message : String(cause)})`, [], { cause });
