import type { Readable } from "node:stream";
import type { Request, Response } from "express";
import type { StorageEngine } from "multer";
import { fileNameOf, mediaTypeOf } from "./media-types.ts";
import { FileEmpty, type FileRecord, type FileStore, FileTooLarge, NoRoom } from "./store.ts";

/** A form taken apart: its files are stored, its texts are here. */
export interface Form {
  files: { field: string; file: FileRecord }[];
  /** By the name of their field. */
  texts: Map<string, string[]>;
}

export interface FormOptions {
  files: FileStore;
  /** What is known of every file of it. */
  appId: string | null;
  /** Largest file. */
  maxBytes: number;
  mostFiles: number;
  /** Longest text, and how many there may be. */
  textBytes: number;
  mostTexts: number;
  /** Whether a field may hold a file. */
  takesFile: (field: string) => boolean;
}

export const isForm = (request: Request): boolean => typeof request.is("multipart/form-data") === "string";

/**
 * Stores the files of a form as they come. When it breaks off, none of them is kept.
 * @throws whatever multer says of it, and what the store does
 */
export async function readForm(request: Request, response: Response, options: FormOptions): Promise<Form> {
  const { files, appId, maxBytes, mostFiles, textBytes, mostTexts, takesFile } = options;
  // Loaded with the first form: the start of a gateway need not wait for it.
  const { default: multer, MulterError } = await import("multer");
  const stored = new Map<string, FileRecord>();
  const storage: StorageEngine = {
    _handleFile: (_request, part, done) => {
      const file = {
        mediaType: mediaTypeOf(part.mimetype),
        originalName: fileNameOf(part.originalname),
        appId,
        source: "uploaded" as const,
      };
      files.add(chunksOf(part.stream), file, maxBytes).then(
        (record) => {
          stored.set(record.id, record);
          done(null, { filename: record.id });
        },
        (error: unknown) => done(isOfCaller(error) ? error : new StoreFault(error)),
      );
    },
    // The form broke off after its file.
    _removeFile: (_request, part, done) => {
      files.remove(part.filename).then(() => done(null), done);
    },
  };
  const form = multer({
    storage,
    limits: {
      files: mostFiles,
      fields: mostTexts,
      fieldSize: textBytes,
      fieldNameSize: 200,
      parts: mostFiles + mostTexts,
      headerPairs: 20,
    },
    defParamCharset: "utf8",
    fileFilter: (_request, { fieldname }, done) => {
      if (takesFile(fieldname)) done(null, true);
      else done(new MulterError("LIMIT_UNEXPECTED_FILE", fieldname));
    },
  }).any();
  await new Promise<void>((resolve, reject) => {
    form(request, response, (error: unknown) => {
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error("the form cannot be read", { cause: error }));
    });
  });
  // Multer lets forms pass that it cannot take apart.
  if (request.body === undefined) throw new Error("the form has no boundary");

  const parts = Array.isArray(request.files) ? request.files : [];
  return {
    files: parts.flatMap(({ fieldname, filename }) => {
      const file = stored.get(filename);
      return file === undefined ? [] : [{ field: fieldname, file }];
    }),
    texts: new Map(
      Object.entries(request.body as Record<string, unknown>).map(([name, value]) => [name, textsOf(value)]),
    ),
  };
}

/** Of a field called `a[b]`, multer makes an object; no field here is meant to be one. */
function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map((text: unknown) => (typeof text === "string" ? text : ""));
}

/** The store failed, and not the form around the file. */
export class StoreFault extends Error {
  constructor(cause: unknown) {
    super("the file could not be stored", { cause });
  }
}

const isOfCaller = (error: unknown): error is Error =>
  error instanceof FileTooLarge || error instanceof FileEmpty || error instanceof NoRoom;

/** A stream's chunks. To stop early must not destroy it: the answer goes out over the same connection. */
export const chunksOf = (stream: Readable): AsyncIterable<Uint8Array> => stream.iterator({ destroyOnReturn: false });
