import type { RequestHandler } from "express";
import { errorCodes } from "../../contract/api.ts";
import { HttpProblem } from "../http.ts";

/** Refuses a key's requests beyond so many a minute, each key by itself; for behind the check of the key. */
export function limitRate(perMinute: number): RequestHandler {
  const limiter = createLimiter(perMinute);
  return async (request, response, next) => {
    (await limiter)(request, response, next);
  };
}

async function createLimiter(perMinute: number): Promise<RequestHandler> {
  // Most gateways have no such limit, and start sooner without it.
  const { rateLimit } = await import("express-rate-limit");
  return rateLimit({
    windowMs: 60_000,
    limit: perMinute,
    standardHeaders: "draft-8",
    legacyHeaders: false,
    keyGenerator: (_request, response) => String(response.locals["keyName"]),
    handler: (_request, response, next) => {
      const key = String(response.locals["keyName"]);
      const detail = `the key "${key}" may ask ${perMinute} times a minute; wait as retry-after says`;
      next(new HttpProblem(429, errorCodes.rateLimited, { detail }));
    },
  });
}
