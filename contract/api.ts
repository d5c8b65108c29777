import type { z } from "zod";
import {
  drainRequest,
  drainView,
  keyList,
  keyRegistration,
  keyView,
  logsQuery,
  pruneRequest,
  pruneView,
  type Scope,
} from "./admin-bodies.ts";
import {
  bootError,
  cancelReply,
  contractView,
  file,
  fileList,
  fileQuery,
  health,
  job,
  openApiView,
  readyView,
  runAccepted,
  runInputs,
} from "./api-bodies.ts";
import { jobEventsQuery, jobList, jobListQuery, jobQuery, runQuery } from "./job-bodies.ts";
import { delivery, deliveryList } from "./webhook-bodies.ts";

export * from "./admin-bodies.ts";
export * from "./api-bodies.ts";
export * from "./error-codes.ts";
export * from "./job-bodies.ts";
export * from "./job-states.ts";
export * from "./webhook-bodies.ts";

/** Body of an answer that is no JSON: a file's `bytes`, `nothing`, or a text of that media type. */
export type OtherBody = "bytes" | "nothing" | "text/html" | "text/plain" | "text/event-stream" | "application/x-ndjson";

export interface Route {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Express form: parameters as `:name`. */
  path: string;
  /** What a key in `x-api-key` must be good for; `open` answers anybody. */
  scope: Scope | "open";
  summary: string;
  /** What the body holds, when there is one: JSON, or a file's bytes. */
  request?: "json" | "bytes";
  /** The JSON of the request. */
  body?: z.ZodType;
  query?: z.ZodType;
  /** Headers that mean something here, and what. */
  headers?: Record<string, string>;
  /** Body by status. */
  responses: Record<number, z.ZodType | OtherBody>;
  /** 200 is the bytes of an output of the workflow for a caller whose `accept` prefers its media type to JSON. */
  orOutput?: true;
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
  bootError: {
    method: "GET",
    path: "/artifact-resolver/error",
    scope: "read",
    summary: "Why the boot failed for good; nothing when it did not",
    responses: { 204: "nothing", 503: bootError },
  },
  ready: {
    method: "GET",
    path: "/readyz",
    scope: "open",
    summary: "Whether to send runs here: not while the endpoint boots or drains, and not when its queue is full",
    responses: { 200: readyView, 503: readyView },
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
    body: runInputs,
    query: runQuery,
    headers: {
      "idempotency-key": "Any text of the caller's: the same run asked for again with it is queued once",
    },
    responses: { 200: job, 202: runAccepted },
    orOutput: true,
  },
  job: {
    method: "GET",
    path: "/jobs/:id",
    scope: "read",
    summary: "State and result of a job",
    query: jobQuery,
    responses: { 200: job, 202: job },
    orOutput: true,
  },
  listJobs: {
    method: "GET",
    path: "/jobs",
    scope: "read",
    summary: "Jobs, newest first, without their outputs",
    query: jobListQuery,
    responses: { 200: jobList },
  },
  jobEvents: {
    method: "GET",
    path: "/jobs/:id/events",
    scope: "read",
    summary: "What happens to a job as it happens: events `state`, `progress` and `preview`, to its end",
    query: jobEventsQuery,
    headers: { "last-event-id": "Id of the last event that was seen: the stream goes on after it" },
    responses: { 200: "text/event-stream", 204: "nothing" },
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
    headers: {
      "x-file-name": "What the file is called",
      "x-app-id": "The app that it belongs to",
    },
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
  deleteFile: {
    method: "DELETE",
    path: "/files/:id",
    scope: "files",
    summary: "Delete a file that no queued or running job needs",
    responses: { 204: "nothing" },
  },
  deliveries: {
    method: "GET",
    path: "/jobs/:id/deliveries",
    scope: "read",
    summary: "What became of a job's webhook",
    responses: { 200: deliveryList },
  },
  redeliver: {
    method: "POST",
    path: "/jobs/:id/redeliver",
    scope: "run",
    summary: "Send a job's webhook once more, under the same id",
    responses: { 202: delivery },
  },
  openapi: {
    method: "GET",
    path: "/openapi.json",
    scope: "read",
    summary: "This API as an OpenAPI 3.1 document, with the types of this workflow",
    responses: { 200: openApiView },
  },
  playground: {
    method: "GET",
    path: "/",
    scope: "open",
    summary: "A page to run the workflow on",
    responses: { 200: "text/html", 304: "nothing" },
  },
  playgroundFile: {
    method: "GET",
    path: "/playground/:folder/:file",
    scope: "open",
    summary: "A script or style of this endpoint's pages",
    responses: { 200: "bytes", 304: "nothing" },
  },
  docs: {
    method: "GET",
    path: "/docs",
    scope: "open",
    summary: "A page that shows this API",
    responses: { 200: "text/html", 304: "nothing" },
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    scope: "read",
    summary: "Queue, waits, run times, GPU seconds, cost, webhooks and requests as numbers for Prometheus",
    responses: { 200: "text/plain" },
  },
  keys: {
    method: "GET",
    path: "/admin/keys",
    scope: "admin",
    summary: "Keys beside the endpoint's first one",
    responses: { 200: keyList },
  },
  putKey: {
    method: "PUT",
    path: "/admin/keys/:name",
    scope: "admin",
    summary: "Make a key good for some scopes, known by its hash alone",
    request: "json",
    body: keyRegistration,
    responses: { 200: keyView, 201: keyView },
  },
  deleteKey: {
    method: "DELETE",
    path: "/admin/keys/:name",
    scope: "admin",
    summary: "Revoke a key",
    responses: { 204: "nothing" },
  },
  drain: {
    method: "POST",
    path: "/admin/drain",
    scope: "admin",
    summary: "Take no more runs, and tell how many jobs are left",
    request: "json",
    body: drainRequest,
    responses: { 200: drainView },
  },
  endDrain: {
    method: "DELETE",
    path: "/admin/drain",
    scope: "admin",
    summary: "Take runs again",
    responses: { 204: "nothing" },
  },
  pruneModels: {
    method: "POST",
    path: "/admin/models/prune",
    scope: "admin",
    summary: "Remove fetched models from the volume that no pod on it needs",
    request: "json",
    body: pruneRequest,
    responses: { 200: pruneView },
  },
  logs: {
    method: "GET",
    path: "/logs",
    scope: "admin",
    summary: "The gateway's latest log lines, one JSON object each",
    query: logsQuery,
    responses: { 200: "application/x-ndjson" },
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
