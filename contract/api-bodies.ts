import { z } from "zod";
import { jobStates } from "./job-states.ts";

/** Bodies of the HTTP API: what goes in and comes out, as the table of routes declares it. */

const problem = z.object({ path: z.string(), message: z.string(), code: z.string().optional() });

/** Body of every answer above 399. */
export const errorBody = z.object({
  error: z.string(),
  detail: z.string().optional(),
  problems: z.array(problem).optional(),
  /** Of a boot that failed for good: the step, why, and what can be done. */
  stage: z.string().optional(),
  reason: z.string().optional(),
  remedy: z.string().optional(),
});
export type ErrorBody = z.output<typeof errorBody>;

/** Steps of the gateway's boot, in order. */
export const bootPhases = ["contract", "models", "nodes", "comfyui", "preflight", "warm_up", "ready"] as const;
export type BootPhase = (typeof bootPhases)[number];

/** How far a model is that the boot brings to its place. */
export const modelProgress = z.object({
  /** Its path below the models folder. */
  name: z.string(),
  /** `elsewhere`: another pod on the same volume fetches it. */
  state: z.enum(["waiting", "downloading", "elsewhere", "ready"]),
  bytes: z.int(),
  /** All of its bytes; null while that is not known. */
  size: z.int().nullable(),
  bytes_per_second: z.int().nullable(),
  eta_seconds: z.int().nullable(),
});
export type ModelProgress = z.output<typeof modelProgress>;

/** `GET /healthz`: 200 when `ok`, else 503. */
export const health = z.object({
  status: z.enum(["ok", "starting", "draining", "failed"]),
  phase: z.enum(bootPhases),
  /** What the phase is doing, or why it failed. */
  detail: z.string().optional(),
  /** Share of the phase that is done, 0 to 1. */
  progress: z.number().optional(),
  /** While models are brought. */
  models: z.array(modelProgress).optional(),
  /** When it failed: the step, why, and what can be done. */
  stage: z.string().optional(),
  reason: z.string().optional(),
  remedy: z.string().optional(),
});
export type Health = z.output<typeof health>;

/** `GET /readyz`: 200 when `ready`, else 503. */
export const readyView = z.object({
  ready: z.boolean(),
  /** Why not; null when it is. */
  reason: z.string().nullable(),
});
export type ReadyView = z.output<typeof readyView>;

/** `GET /artifact-resolver/error`: the original's fields and those of every other error. */
export const bootError = z.object({
  error: z.string(),
  detail: z.string(),
  status: z.literal("artifact_resolver_failed"),
  stage: z.string(),
  message: z.string(),
  reason: z.string(),
  remedy: z.string(),
  /** What programs may want to know: `unresolved_models` with the reason of each. */
  details: z.record(z.string(), z.unknown()).optional(),
});

export const contractView = z.object({
  contract_id: z.string(),
  version: z.string(),
  inputs: z.array(z.looseObject({ name: z.string(), type: z.string(), required: z.boolean(), node_id: z.string() })),
  outputs: z.array(z.looseObject({ name: z.string(), type: z.string(), node_id: z.string() })),
});

/** The workflow's inputs by name: what each may be, the contract of the workflow says. */
export const runInputs = z.record(z.string(), z.unknown());

/** The workflow's outputs by name: as above, and media as file ids. */
export const jobResult = z.record(z.string(), z.unknown());

/** `queued`, unless the job was waited for, or the same run was asked for before. */
export const runAccepted = z.object({ job_id: z.string(), state: z.enum(jobStates) });

const jobOutput = z.object({
  prompt_id: z.string(),
  status: z.literal("completed"),
  result: jobResult,
});

/** How far a running job is. */
export const jobProgress = z.object({
  /** Share of the work that is done, 0 to 1: finished nodes and the part of the present one, of all that have to run. */
  value: z.number(),
  /** The node that runs now, its class, and how far it is in steps of its own; null before the first one. */
  node: z.string().nullable(),
  node_class: z.string().nullable(),
  node_value: z.number().nullable(),
  node_max: z.number().nullable(),
});
export type JobProgress = z.output<typeof jobProgress>;

/** Where a job's time went, in milliseconds; so far, while it goes on. */
const jobTimings = z.object({
  /** From its acceptance to its start. */
  queued_ms: z.int(),
  /** The part of that wait in which the endpoint itself was booting; null before the start. */
  boot_ms: z.int().nullable(),
  /** From its start to its end; null before the start. */
  run_ms: z.int().nullable(),
});

export const job = z.object({
  job_id: z.string(),
  state: z.enum(jobStates),
  output: jobOutput.nullable(),
  error: z.string().nullable(),
  prompt_id: z.string().nullable(),
  cancel_requested: z.boolean(),
  /** -100 to 100, the higher the sooner. */
  priority: z.int(),
  /** ISO 8601 in UTC, like the two below; those are null until it has started and ended. */
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  timings: jobTimings,
  /** null unless it runs and has told how far it is. */
  progress: jobProgress.nullable(),
  /** 1 for the one that runs next; null unless it waits. */
  queue_position: z.int().nullable(),
  /** The pod's price for the time of the run; null when that is not known, or it never ran. */
  cost_usd: z.number().nullable(),
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

/** An OpenAPI document; what is in it, that document says. */
export const openApiView = z.looseObject({ openapi: z.string() });

export const fileQuery = z.object({
  limit: z.string().optional(),
  cursor: z.string().optional(),
  media_type: z.string().optional(),
  source: z.string().optional(),
  app_id: z.string().optional(),
});
