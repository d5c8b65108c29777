import { readFileSync } from "node:fs";
import type { Request } from "express";
import { errorCodes, routes } from "../../contract/api.ts";
import { answer, type Handlers, HttpProblem, pathParameter, queryOf } from "../http.ts";
import { type FileRecord, type FileStore, fileBody } from "./store.ts";
import { createUpload } from "./upload.ts";

export function fileHandlers(
  files: FileStore,
  uploadBytes: number,
): Pick<Handlers, "uploadFile" | "listFiles" | "file" | "downloadFile" | "deleteFile"> {
  const upload = createUpload(files, uploadBytes);
  const find = async (id: string): Promise<FileRecord> => {
    const file = await files.get(id);
    if (file === undefined) throw new HttpProblem(404, errorCodes.fileNotFound);
    return file;
  };

  return {
    uploadFile: [
      async (request, response) => {
        const file = await upload(request, response);
        response.status(201).json(fileBody(file));
      },
    ],
    listFiles: [
      answer<"listFiles">(async (request) => {
        const query = queryOf(request, routes.listFiles.query);
        const filter = { mediaType: query.media_type, source: query.source, appId: query.app_id };
        const page = await files.list(filter, pageSize(query.limit), cursorOf(query.cursor));
        const cursor = page.nextCursor === null ? null : String(page.nextCursor);
        return { status: 200, body: { items: page.files.map(fileBody), next_cursor: cursor } };
      }),
    ],
    file: [
      answer<"file">(async (request) => ({ status: 200, body: fileBody(await find(pathParameter(request, "id"))) })),
    ],
    deleteFile: [
      async (request, response) => {
        const result = await files.remove(pathParameter(request, "id"));
        if (result === "missing") throw new HttpProblem(404, errorCodes.fileNotFound);
        if (result === "in_use") {
          const detail = "a job that has not ended takes the file; wait for its end, or cancel it";
          throw new HttpProblem(409, errorCodes.fileInUse, { detail });
        }
        response.status(204).end();
      },
    ],
    downloadFile: [
      async (request, response) => {
        const file = await find(pathParameter(request, "id"));
        const path = await files.localPath(file);
        if (path === undefined) throw new HttpProblem(404, errorCodes.fileNotFound);
        response.attachment(file.originalName ?? file.id);
        // Not by `set`, which would add a charset.
        response.setHeader("content-type", file.mediaType);
        response.set({
          etag: `"${file.sha256}"`,
          "cache-control": "private, immutable, max-age=31536000",
          // A page that somebody uploaded as a "picture" does nothing in a browser.
          "content-security-policy": "sandbox",
        });
        if (file.sizeBytes <= smallBytes && isPlain(request)) {
          response.set({ "accept-ranges": "bytes", "content-length": String(file.sizeBytes) });
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
      },
    ],
  };
}

// Sending it as it is read takes longer than reading it does.
const smallBytes = 64 * 1024;
const conditions = ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/** Whether a whole file is asked for, whatever the caller knows of it. */
const isPlain = ({ method, headers }: Request): boolean =>
  method === "GET" && !conditions.some((name) => name in headers);

const codeOf = (error: Error): unknown => ("code" in error ? error.code : undefined);

/** The last 100 bytes of a file of 10 are all of them, by RFC 9110; Express refuses them. */
function allowLongSuffix(request: Request, sizeBytes: number): void {
  const [, suffix] = /^bytes=-(\d+)$/.exec(request.get("range") ?? "") ?? [];
  if (Number(suffix) > sizeBytes) request.headers.range = "bytes=0-";
}

/** Compatible with the original: 50 by default, from 1 to 200. */
function pageSize(limit: string | undefined): number {
  if (limit === undefined) return 50;
  if (!/^-?\d+$/.test(limit)) throw new HttpProblem(400, errorCodes.invalidLimit);
  return Math.min(200, Math.max(1, Number(limit)));
}

function cursorOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  if (!/^\d{1,15}$/.test(cursor)) throw new HttpProblem(400, errorCodes.invalidCursor);
  return Number(cursor);
}
