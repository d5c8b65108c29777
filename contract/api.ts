import type { z } from "zod";
import { cancelReply, contractView, file, fileList, fileQuery, health, job, runAccepted } from "./api-bodies.ts";

export * from "./api-bodies.ts";

/** Codes of the field `error`; the original's, and those it lacked. */
export const errorCodes = {
  unauthorized: "unauthorized",
  notFound: "not_found",
  methodNotAllowed: "method_not_allowed",
  validation: "VALIDATION_ERROR",
  payloadTooLarge: "payload_too_large",
  jobNotFound: "job_not_found",
  fileNotFound: "file_not_found",
  emptyFile: "empty_file",
  invalidLimit: "invalid_limit",
  invalidCursor: "invalid_cursor",
  rangeNotSatisfiable: "range_not_satisfiable",
  queueFull: "queue_full",
  notReady: "not_ready",
  internal: "internal_error",
} as const;
export type ErrorCode = (typeof errorCodes)[keyof typeof errorCodes];

/** What a key may be good for: to start and cancel runs, to read everything, to upload and delete files, to administer. */
export const scopes = ["run", "read", "files", "admin"] as const;
export type Scope = (typeof scopes)[number];

export interface Route {
  method: "GET" | "POST";
  /** Express form: parameters as `:name`. */
  path: string;
  /** What a key in `x-api-key` must be good for; `open` answers anybody. */
  scope: Scope | "open";
  summary: string;
  /** What the body holds, when there is one: JSON, or a file's bytes. */
  request?: "json" | "bytes";
  query?: z.ZodType;
  /** Body by status; `bytes` for a download. */
  responses: Record<number, z.ZodType | "bytes">;
}

/** The whole HTTP surface. Servers, clients and proxies derive from this table; a route exists when it is here. */
export const routes = {
  health: {
    method: "GET",
    path: "/healthz",
    scope: "open",
    summary: "Whether the endpoint takes runs, and how far its boot is",
    responses: { 200: health, 503: health },
  },
  contract: {
    method: "GET",
    path: "/contract",
    scope: "read",
    summary: "Named, typed inputs and outputs of the workflow",
    responses: { 200: contractView },
  },
  run: {
    method: "POST",
    path: "/run",
    scope: "run",
    summary: "Queue a run of the workflow with the given inputs",
    request: "json",
    responses: { 202: runAccepted },
  },
  job: {
    method: "GET",
    path: "/jobs/:id",
    scope: "read",
    summary: "State and result of a job",
    responses: { 200: job },
  },
  cancelJob: {
    method: "POST",
    path: "/jobs/:id/cancel",
    scope: "run",
    summary: "Cancel a job, queued or running",
    responses: { 200: cancelReply, 202: cancelReply },
  },
  uploadFile: {
    method: "POST",
    path: "/files",
    scope: "files",
    summary: "Upload a file: its bytes as the body, or multipart field `file`",
    request: "bytes",
    responses: { 201: file },
  },
  listFiles: {
    method: "GET",
    path: "/files",
    scope: "read",
    summary: "Files, newest first",
    query: fileQuery,
    responses: { 200: fileList },
  },
  file: {
    method: "GET",
    path: "/files/:id",
    scope: "read",
    summary: "What is known of a file",
    responses: { 200: file },
  },
  downloadFile: {
    method: "GET",
    path: "/files/:id/download",
    scope: "read",
    summary: "A file's bytes",
    responses: { 200: "bytes", 206: "bytes" },
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

/** The typed JSON body of a route's answer with that status. */
export type ResponseBody<Name extends RouteName, Status extends keyof (typeof routes)[Name]["responses"]> =
  (typeof routes)[Name]["responses"][Status] extends z.ZodType<infer Body> ? Body : never;

/** The path with its parameters filled in and escaped. */
export function routePath(name: RouteName, parameters: Record<string, string> = {}): string {
  return routes[name].path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(parameters[key] ?? ""));
}
