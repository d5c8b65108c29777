import type { RequestListener } from "node:http";
import type { Express, Request, RequestHandler, Response } from "express";
import type { z } from "zod";
import {
  type ErrorBody,
  type ErrorCode,
  errorCodes,
  type ResponseBody,
  type RouteName,
  type routes,
} from "../contract/api.ts";
import { problemsOf } from "../contract/parse.ts";
import { errorFields, type Log } from "./log.ts";

/** Thrown by a handler to answer with an error. Its parts are shown to the caller. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: ErrorCode,
    more: Omit<ErrorBody, "error"> = {},
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(`${status} ${error}`, options);
    this.status = status;
    this.body = { error, ...more };
    this.headers = headers;
  }
}

type Responses<Name extends RouteName> = (typeof routes)[Name]["responses"];

/** An answer that the table has for the route: a status, and the body declared for it. */
export type Answer<Name extends RouteName> = {
  [Status in keyof Responses<Name> & number]: { status: Status; body: ResponseBody<Name, Status> };
}[keyof Responses<Name> & number];

/** Handlers of every route in the table, in the order they run. */
export type Handlers = Record<RouteName, RequestHandler[]>;

/** A handler that answers with JSON as the table declares it. */
export const answer =
  <Name extends RouteName>(reply: (request: Request) => Answer<Name> | Promise<Answer<Name>>): RequestHandler =>
  async (request, response) => {
    const { status, body } = await reply(request);
    response.status(status).json(body);
  };

/** A parameter of the route's path. */
export function pathParameter(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === "string" ? value : "";
}

/**
 * The query as the schema has it.
 * @throws {HttpProblem} 400
 */
export const queryOf = <T>(request: Request, schema: z.ZodType<T>): T => checked(schema, request.query);

/**
 * What a caller sent, as the schema has it.
 * @throws {HttpProblem} 400 with every problem
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error);
  throw new HttpProblem(400, errorCodes.validation, { detail: problems[0]?.message ?? "", problems });
}

/** For a path whose route has another method. */
export const methodNotAllowed =
  (allowed: string): RequestHandler =>
  () => {
    throw new HttpProblem(405, errorCodes.methodNotAllowed, {}, { allow: allowed });
  };

/**
 * The app with an end of our own in place of Express's, whose pages tell more than callers should know: answers where no
 * route did, and everything thrown. What is not meant for callers is logged, and they learn only that it was our fault.
 */
export const withEnd =
  (app: Express, log: Log): RequestListener =>
  (request, response) => {
    // Express has made them its own by then.
    app(request as Request, response as Response, (error?: unknown) =>
      end(error ?? new HttpProblem(404, errorCodes.notFound), request as Request, response as Response, log),
    );
  };

function end(error: unknown, request: Request, response: Response, log: Log): void {
  const problem = toProblem(error);
  if (problem.status >= 500 && !(error instanceof HttpProblem)) {
    log.error("request failed by a fault", { method: request.method, path: request.path, ...errorFields(error) });
  }
  if (response.headersSent) {
    // Half an answer cannot be taken back: the caller sees that it is not whole.
    if (!response.writableEnded) response.destroy();
    return;
  }
  // What was meant for a file does not describe an error.
  for (const name of ["content-type", "content-disposition", "etag"]) response.removeHeader(name);
  response.set({ "cache-control": "no-store", ...problem.headers });
  response.status(problem.status).json(problem.body);
}

/** Express and its parsers throw errors with a status; whatever has none is a fault of ours. */
function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  if (status === 413) return new HttpProblem(413, errorCodes.payloadTooLarge);
  if (status === 416) return new HttpProblem(416, errorCodes.rangeNotSatisfiable);
  if (status === 404) return new HttpProblem(404, errorCodes.notFound);
  if (status >= 400 && status < 500) return new HttpProblem(400, errorCodes.validation, { detail: "invalid_request" });
  return new HttpProblem(500, errorCodes.internal);
}
