import type { Request } from "express";
import type { MulterError } from "multer";
import { errorCodes } from "../../contract/api.ts";
import { HttpProblem } from "../http.ts";
import { StoreFault } from "./form.ts";
import { FileEmpty, FileTooLarge, NoRoom } from "./store.ts";

/**
 * The answer to an upload that failed; a fault of ours as it is.
 * @param shape what the form should be, for a caller whose form is another
 */
export function uploadProblem(error: unknown, request: Request, shape: string): unknown {
  const invalid = (detail: string): HttpProblem =>
    new HttpProblem(400, errorCodes.validation, { detail }, {}, { cause: error });

  if (error instanceof HttpProblem) return error;
  if (error instanceof FileTooLarge) return new HttpProblem(413, errorCodes.payloadTooLarge, { detail: error.message });
  if (error instanceof FileEmpty) return new HttpProblem(400, errorCodes.emptyFile, { detail: error.message });
  if (error instanceof NoRoom) return new HttpProblem(507, errorCodes.quotaExceeded, { detail: error.message });
  const cause = error instanceof StoreFault ? error.cause : error;
  if (isDiskFull(cause)) {
    return new HttpProblem(507, errorCodes.quotaExceeded, { detail: "the disk is full; delete files" });
  }
  if (error instanceof StoreFault) return cause;
  if (isOfForm(error)) {
    if (error.code === "LIMIT_FIELD_VALUE") {
      return new HttpProblem(413, errorCodes.payloadTooLarge, { detail: "a text of the form is too long" });
    }
    return invalid(shape);
  }
  const isBroken = request.get("content-type")?.startsWith("multipart/") === true || !request.complete;
  return isBroken ? invalid("the upload is broken") : error;
}

/** By its name, for multer is loaded with the first form. */
const isOfForm = (error: unknown): error is MulterError => error instanceof Error && error.name === "MulterError";

function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT";
}
