import { createHash, timingSafeEqual } from "node:crypto";
import type { RequestHandler } from "express";
import { errorCodes } from "../contract/api.ts";
import { HttpProblem } from "./http.ts";

/** Lets a request pass that has the endpoint's key in `x-api-key`. */
export function requireKey(key: string): RequestHandler {
  const expected = digest(key);
  return (request, _response, next) => {
    const given = request.get("x-api-key") ?? "";
    // Digests have one length, whatever was sent: the comparison tells nothing by its time.
    if (given === "" || !timingSafeEqual(digest(given), expected)) throw new HttpProblem(401, errorCodes.unauthorized);
    next();
  };
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
