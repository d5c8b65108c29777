import type { RequestHandler } from "express";
import { errorCodes } from "../../contract/api.ts";
import { isForm } from "../files/form.ts";
import { HttpProblem } from "../http.ts";

/** Refuses a document that says itself that it is too large: the parser would have all of it come first. */
export const announcedWithin =
  (bytes: number): RequestHandler =>
  (request, _response, next) => {
    if (!isForm(request) && Number(request.get("content-length") ?? 0) > bytes) {
      throw new HttpProblem(413, errorCodes.payloadTooLarge);
    }
    next();
  };
