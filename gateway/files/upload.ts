import type { Request, Response } from "express";
import { chunksOf, isForm, readForm } from "./form.ts";
import { fileNameOf, uploadTypeOf } from "./media-types.ts";
import { FileEmpty, type FileRecord, type FileStore, FileTooLarge } from "./store.ts";
import { uploadProblem } from "./upload-problem.ts";

/**
 * Stores the file that a request carries: its body, or the field `file` of a form.
 * @throws {HttpProblem} 400 for no file or a broken form, 413 for one that is too large, 507 when there is no room
 */
export type Upload = (request: Request, response: Response) => Promise<FileRecord>;

export function createUpload(files: FileStore, maxBytes: number): Upload {
  return async (request, response) => {
    try {
      if (Number(request.get("content-length") ?? 0) > maxBytes + formOverhead) throw new FileTooLarge(maxBytes);
      return isForm(request)
        ? await formFile(request, response, files, maxBytes)
        : await bodyFile(request, files, maxBytes);
    } catch (error) {
      // The rest of the body is read and dropped: a client that still writes would never see the answer.
      request.resume();
      throw uploadProblem(error, request, 'a form has one file, in its field "file"');
    }
  };
}

// Boundaries and part headers around a form's file.
const formOverhead = 64 * 1024;

function bodyFile(request: Request, files: FileStore, maxBytes: number): Promise<FileRecord> {
  const file = {
    mediaType: uploadTypeOf(request.get("content-type")),
    originalName: fileNameOf(headerText(request, "x-file-name")),
    appId: appIdOf(request),
    source: "uploaded" as const,
  };
  return files.add(chunksOf(request), file, maxBytes);
}

async function formFile(request: Request, response: Response, files: FileStore, maxBytes: number): Promise<FileRecord> {
  const form = await readForm(request, response, {
    ...{ files, maxBytes, appId: appIdOf(request) },
    ...{ mostFiles: 1, mostTexts: 10, textBytes: 1024 },
    takesFile: (field) => field === "file",
  });
  const [first] = form.files;
  if (first === undefined) throw new FileEmpty();
  return first.file;
}

/** The app that a caller says a file is for. */
export const appIdOf = (request: Request): string | null =>
  headerText(request, "x-app-id")?.trim().slice(0, 200) || null;

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
