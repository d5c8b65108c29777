import { errorCodes, routes } from "../../contract/api.ts";
import { answer, type Handlers, HttpProblem, pathParameter, queryOf } from "../http.ts";
import { sendFile } from "./send.ts";
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
        response.set({ "accept-ranges": "bytes", "cache-control": "private, immutable, max-age=31536000" });
        await sendFile(request, response, file, path);
      },
    ],
  };
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
