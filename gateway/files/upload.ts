import type { Readable } from "node:stream";
import type { Request, Response } from "express";
import multer, { MulterError } from "multer";
import { errorCodes } from "../../contract/api.ts";
import { HttpProblem } from "../http.ts";
import { fileNameOf, mediaTypeOf } from "./media-types.ts";
import { FileEmpty, type FileRecord, type FileStore, FileTooLarge } from "./store.ts";

/**
 * Stores the file that a request carries: its body, or the field `file` of a form.
 * @throws {HttpProblem} 400 for no file or a broken form, 413 for one that is too large
 */
export type Upload = (request: Request, response: Response) => Promise<FileRecord>;

export function createUpload(files: FileStore, maxBytes: number): Upload {
  return async (request, response) => {
    try {
      if (Number(request.get("content-length") ?? 0) > maxBytes + formOverhead) throw new FileTooLarge(maxBytes);
      return typeof request.is("multipart/form-data") === "string"
        ? await formFile(request, response, files, maxBytes)
        : await bodyFile(request, files, maxBytes);
    } catch (error) {
      // The rest of the body is read and dropped: a client that still writes would never see the answer.
      request.resume();
      throw toProblem(error, request);
    }
  };
}

// Boundaries and part headers around a form's file.
const formOverhead = 64 * 1024;

function bodyFile(request: Request, files: FileStore, maxBytes: number): Promise<FileRecord> {
  const file = {
    mediaType: mediaTypeOf(request.get("content-type")),
    originalName: fileNameOf(headerText(request, "x-file-name")),
    appId: appId(request),
    source: "uploaded" as const,
  };
  return files.add(chunksOf(request), file, maxBytes);
}

async function formFile(request: Request, response: Response, files: FileStore, maxBytes: number): Promise<FileRecord> {
  const storage: multer.StorageEngine = {
    _handleFile: (_request, part, done) => {
      const file = {
        mediaType: mediaTypeOf(part.mimetype),
        originalName: fileNameOf(part.originalname),
        appId: appId(request),
        source: "uploaded" as const,
      };
      files.add(chunksOf(part.stream), file, maxBytes).then(
        (record) => done(null, { filename: record.id }),
        (error: unknown) =>
          done(error instanceof FileTooLarge || error instanceof FileEmpty ? error : new StoreFault(error)),
      );
    },
    // The form broke off after its file.
    _removeFile: (_request, part, done) => {
      files.remove(part.filename).then(() => done(null), done);
    },
  };
  const limits = { files: 1, fields: 10, fieldSize: 1024 };
  const form = multer({ storage, limits, defParamCharset: "utf8" }).single("file");
  await new Promise<void>((resolve, reject) => {
    form(request, response, (error: unknown) => {
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error("the form cannot be read", { cause: error }));
    });
  });
  const record = request.file && (await files.get(request.file.filename));
  if (record === undefined) throw new FileEmpty();
  return record;
}

/** The store failed, and not the form around the file. */
class StoreFault extends Error {
  constructor(cause: unknown) {
    super("the file could not be stored", { cause });
  }
}

/** A stream's chunks. To stop early must not destroy it: the answer goes out over the same connection. */
const chunksOf = (stream: Readable): AsyncIterable<Uint8Array> => stream.iterator({ destroyOnReturn: false });

function toProblem(error: unknown, request: Request): unknown {
  if (error instanceof FileTooLarge) return new HttpProblem(413, errorCodes.payloadTooLarge, { detail: error.message });
  if (error instanceof FileEmpty) return new HttpProblem(400, errorCodes.emptyFile, { detail: error.message });
  if (error instanceof StoreFault) return error.cause;
  if (error instanceof MulterError && error.code === "LIMIT_UNEXPECTED_FILE") {
    const detail = 'a form has one file, in its field "file"';
    return new HttpProblem(400, errorCodes.validation, { detail });
  }
  const brokenForm = request.get("content-type")?.startsWith("multipart/") === true;
  if (brokenForm || !request.complete) {
    return new HttpProblem(400, errorCodes.validation, { detail: "the upload is broken" }, {}, { cause: error });
  }
  return error;
}

const appId = (request: Request): string | null => headerText(request, "x-app-id")?.trim().slice(0, 200) || null;

/** Header values arrive as latin1, while clients write UTF-8. */
function headerText(request: Request, name: string): string | undefined {
  const value = request.get(name);
  if (value === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    // It was latin1 after all.
    return value;
  }
}
