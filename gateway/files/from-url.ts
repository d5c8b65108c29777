import { valueText } from "../../contract/parse.ts";
import { essenceOf, mediaTypeFits } from "../../contract/value-types.ts";
import { messageOf } from "../log.ts";
import { guardedFetch, type Reach, UrlRefused } from "../net/guarded-fetch.ts";
import { extensionOf, fileNameOf, mediaTypeOf } from "./media-types.ts";
import { FileEmpty, type FileRecord, type FileStore, FileTooLarge } from "./store.ts";

/** A file cannot be had from its address. The message is a clause that follows the name of the input. */
export class FetchProblem extends Error {}

export interface FetchFileOptions {
  files: Pick<FileStore, "add">;
  appId: string | null;
  maxBytes: number;
  reach: Reach;
  /** How long all of it may take. */
  timeoutMs?: number;
}

/**
 * Stores the file at an address.
 * @param declared what the workflow takes it for
 * @param abort nobody waits for it any more
 * @throws {FetchProblem}
 * @throws {NoRoom} when files take their space already
 */
export async function fetchFile(
  url: string,
  declared: string,
  { files, appId, maxBytes, reach, timeoutMs = 60_000 }: FetchFileOptions,
  abort: AbortSignal,
): Promise<FileRecord> {
  const refused = (reason: string, cause?: unknown): FetchProblem =>
    new FetchProblem(`is ${valueText(url)}, which ${reason}`, { cause });
  const timeout = AbortSignal.timeout(timeoutMs);
  const unreachable = (error: unknown): FetchProblem => {
    const reason = timeout.aborted ? "it takes too long" : messageOf(error);
    return refused(`cannot be fetched (${reason}); give an address that answers`, error);
  };
  const signal = AbortSignal.any([timeout, abort]);
  const response = await guardedFetch(url, { signal }, { reach, redirects: 3, silenceMs: 15_000 }).catch(
    (error: unknown) => {
      if (error instanceof UrlRefused) throw refused(`is not fetched; ${error.message}`, error);
      throw unreachable(error);
    },
  );
  const mediaType = mediaTypeOf(response.headers.get("content-type") ?? undefined);
  const problem = problemOf(response, mediaType, declared, maxBytes);
  if (problem !== undefined || response.body === null) {
    await response.body?.cancel();
    throw refused(problem ?? isEmpty);
  }
  const file = { mediaType, originalName: nameOf(url, mediaType), appId, source: "uploaded" as const };
  try {
    return await files.add(readable(response.body, unreachable), file, maxBytes);
  } catch (error) {
    if (error instanceof FileTooLarge) throw refused(tooLarge(maxBytes), error);
    if (error instanceof FileEmpty) throw refused(isEmpty, error);
    throw error;
  }
}

function problemOf(
  { status, headers }: Response,
  mediaType: string,
  declared: string,
  maxBytes: number,
): string | undefined {
  if (status !== 200) return `answers with the status ${status}; give an address that answers 200`;
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") return `comes packed (${encoding.slice(0, 40)}) although that was not asked for`;
  if (!mediaTypeFits(declared, mediaType)) {
    return `is ${essenceOf(mediaType)}; the input takes ${declared}: give the address of such a file`;
  }
  return Number(headers.get("content-length") ?? 0) > maxBytes ? tooLarge(maxBytes) : undefined;
}

/** The file's bytes; that they stop coming is a problem of its address. */
async function* readable(
  body: AsyncIterable<Uint8Array>,
  unreachable: (error: unknown) => FetchProblem,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw unreachable(error);
  }
}

const isEmpty = "has no content; give the address of a file";
const tooLarge = (maxBytes: number): string => `has more than ${maxBytes} bytes; give a smaller file`;

/** The last part of the path, when it ends in an extension that is known: others are often no names of files. */
function nameOf(url: string, mediaType: string): string | null {
  const last = new URL(url).pathname.split("/").at(-1) ?? "";
  let name: string | null;
  try {
    name = fileNameOf(decodeURIComponent(last));
  } catch {
    // A stray "%".
    name = fileNameOf(last);
  }
  return name !== null && (extensionOf("", name) !== "" || extensionOf(mediaType, name) !== "") ? name : null;
}
