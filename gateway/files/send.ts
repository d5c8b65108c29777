import { readFileSync } from "node:fs";
import type { Request, Response } from "express";
import type { FileRecord } from "./store.ts";

/** Answers with a file's bytes: all of them, those that are asked for, or none when the caller has them. */
export async function sendFile(request: Request, response: Response, file: FileRecord, path: string): Promise<void> {
  response.attachment(file.originalName ?? file.id);
  // Not by `set`, which would add a charset.
  response.setHeader("content-type", file.mediaType);
  // A page that somebody uploaded as a "picture" does nothing in a browser.
  response.set({ etag: `"${file.sha256}"`, "content-security-policy": "sandbox" });
  if (file.sizeBytes <= smallBytes && isPlain(request)) {
    response.set("content-length", String(file.sizeBytes));
    response.end(readFileSync(path));
    return;
  }
  allowLongSuffix(request, file.sizeBytes);
  await new Promise<void>((resolve, reject) => {
    response.sendFile(path, { lastModified: false, cacheControl: false, dotfiles: "allow" }, (error) => {
      // A caller that goes away is no fault.
      if (error === undefined || response.destroyed || codeOf(error) === "ECONNABORTED") resolve();
      else reject(error);
    });
  });
}

/** Answers with all of them: the request was for something else, whose part or state it may name. */
export function sendWholeFile(request: Request, response: Response, file: FileRecord, path: string): Promise<void> {
  const headers = Object.entries(request.headers).filter(([name]) => !conditions.includes(name));
  request.headers = Object.fromEntries(headers);
  return sendFile(request, response, file, path);
}

// Sending it as it is read takes longer than reading it does.
const smallBytes = 64 * 1024;
const conditions = ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/** Whether a whole file is asked for, whatever the caller knows of it. */
const isPlain = ({ method, headers }: Request): boolean =>
  method !== "HEAD" && !conditions.some((name) => name in headers);

const codeOf = (error: Error): unknown => ("code" in error ? error.code : undefined);

/** The last 100 bytes of a file of 10 are all of them, by RFC 9110; Express refuses them. */
function allowLongSuffix(request: Request, sizeBytes: number): void {
  const [, suffix] = /^bytes=-(\d+)$/.exec(request.get("range") ?? "") ?? [];
  if (Number(suffix) > sizeBytes) request.headers.range = "bytes=0-";
}
