import { z } from "zod";

/** Bodies of the HTTP API: what goes in and comes out, as the table of routes declares it. */

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

export const contractView = z.object({
  contract_id: z.string(),
  version: z.string(),
  inputs: z.array(z.looseObject({ name: z.string(), type: z.string(), required: z.boolean(), node_id: z.string() })),
  outputs: z.array(z.looseObject({ name: z.string(), type: z.string(), node_id: z.string() })),
});

export const runAccepted = z.object({ job_id: z.string(), state: z.literal("queued") });

const jobOutput = z.object({
  prompt_id: z.string(),
  status: z.literal("completed"),
  result: z.record(z.string(), z.unknown()),
});

export const job = z.object({
  job_id: z.string(),
  state: z.enum(jobStates),
  output: jobOutput.nullable(),
  error: z.string().nullable(),
  prompt_id: z.string().nullable(),
  cancel_requested: z.boolean(),
});
export type Job = z.output<typeof job>;

export const cancelReply = z.union([
  z.object({ job_id: z.string(), state: z.literal("canceling"), cancel_requested: z.literal(true) }),
  z.object({ job_id: z.string(), state: z.enum(jobStates), already_terminal: z.literal(true) }),
]);

export const file = z.object({
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

export const fileList = z.object({ items: z.array(file), next_cursor: z.string().nullable() });

export const fileQuery = z.object({
  limit: z.string().optional(),
  cursor: z.string().optional(),
  media_type: z.string().optional(),
  source: z.string().optional(),
  app_id: z.string().optional(),
});
