import { z } from "zod";

export const jobStates = ["queued", "running", "completed", "failed", "canceled"] as const;
export type JobState = (typeof jobStates)[number];

/** States a job does not leave. */
export const terminalStates: readonly JobState[] = ["completed", "failed", "canceled"];
export const isTerminal = (state: JobState): boolean => terminalStates.includes(state);

const problem = z.object({ path: z.string(), message: z.string(), code: z.string().optional() });

/** Body of every answer above 399. */
export const errorBody = z.object({
  error: z.string(),
  detail: z.string().optional(),
  problems: z.array(problem).optional(),
});
export type ErrorBody = z.output<typeof errorBody>;

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

/** Steps of the gateway's boot, in order. */
export const bootPhases = ["contract", "models", "nodes", "comfyui", "preflight", "ready"] as const;
export type BootPhase = (typeof bootPhases)[number];

/** `GET /healthz`: 200 when `ok`, else 503. */
export const health = z.object({
  status: z.enum(["ok", "starting", "failed"]),
  phase: z.enum(bootPhases),
  /** What the phase is doing, or why it failed. */
  detail: z.string().optional(),
  /** Share of the phase that is done, 0 to 1. */
  progress: z.number().optional(),
});
export type Health = z.output<typeof health>;

const contractView = z.object({
  contract_id: z.string(),
  version: z.string(),
  inputs: z.array(z.looseObject({ name: z.string(), type: z.string(), required: z.boolean(), node_id: z.string() })),
  outputs: z.array(z.looseObject({ name: z.string(), type: z.string(), node_id: z.string() })),
});

const runAccepted = z.object({ job_id: z.string(), state: z.literal("queued") });

const jobOutput = z.object({
  prompt_id: z.string(),
  status: z.literal("completed"),
  result: z.record(z.string(), z.unknown()),
});

const job = z.object({
  job_id: z.string(),
  state: z.enum(jobStates),
  output: jobOutput.nullable(),
  error: z.string().nullable(),
  prompt_id: z.string().nullable(),
  cancel_requested: z.boolean(),
});
export type Job = z.output<typeof job>;

const cancelReply = z.union([
  z.object({ job_id: z.string(), state: z.literal("canceling"), cancel_requested: z.literal(true) }),
  z.object({ job_id: z.string(), state: z.enum(jobStates), already_terminal: z.literal(true) }),
]);

const file = z.object({
  file_id: z.string(),
  media_type: z.string(),
  size_bytes: z.int(),
  sha256: z.string(),
  source: z.enum(["uploaded", "generated"]),
  app_id: z.string().nullable(),
  original_name: z.string().nullable(),
  /** ISO 8601 in UTC. */
  created_at: z.string(),
  download_path: z.string(),
});
export type FileObject = z.output<typeof file>;

const fileList = z.object({ items: z.array(file), next_cursor: z.string().nullable() });

const fileQuery = z.object({
  limit: z.string().optional(),
  cursor: z.string().optional(),
  media_type: z.string().optional(),
  source: z.string().optional(),
  app_id: z.string().optional(),
});

export interface Route {
  method: "GET" | "POST";
  /** Express form: parameters as `:name`. */
  path: string;
  /** `open` answers anybody; `key` wants the endpoint's key in `x-api-key`. */
  scope: "open" | "key";
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
    scope: "key",
    summary: "Named, typed inputs and outputs of the workflow",
    responses: { 200: contractView },
  },
  run: {
    method: "POST",
    path: "/run",
    scope: "key",
    summary: "Queue a run of the workflow with the given inputs",
    request: "json",
    responses: { 202: runAccepted },
  },
  job: {
    method: "GET",
    path: "/jobs/:id",
    scope: "key",
    summary: "State and result of a job",
    responses: { 200: job },
  },
  cancelJob: {
    method: "POST",
    path: "/jobs/:id/cancel",
    scope: "key",
    summary: "Cancel a job, queued or running",
    responses: { 200: cancelReply, 202: cancelReply },
  },
  uploadFile: {
    method: "POST",
    path: "/files",
    scope: "key",
    summary: "Upload a file: its bytes as the body, or multipart field `file`",
    request: "bytes",
    responses: { 201: file },
  },
  listFiles: {
    method: "GET",
    path: "/files",
    scope: "key",
    summary: "Files, newest first",
    query: fileQuery,
    responses: { 200: fileList },
  },
  file: {
    method: "GET",
    path: "/files/:id",
    scope: "key",
    summary: "What is known of a file",
    responses: { 200: file },
  },
  downloadFile: {
    method: "GET",
    path: "/files/:id/download",
    scope: "key",
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
