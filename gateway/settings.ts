import { dirname, join, resolve } from "node:path";
import { documentError } from "../contract/errors.ts";
import { type Tokens, tokensOf } from "../contract/models/hubs/known.ts";
import { problemsOf } from "../contract/parse.ts";
import { localPodEnv, podEnv, podPaths, podPorts } from "../contract/pod-env.ts";
import { apiUrl } from "../providers/runpod/api/api-url.ts";
import { comfyEnv, comfyStart } from "./settings/comfy.ts";
import { artifactsSource, type DocumentSource, documentText, warmUpSource } from "./settings/documents.ts";
import { variables } from "./settings/variables.ts";
import { webhookSecrets } from "./settings/webhook-secret.ts";

export type { DocumentSource } from "./settings/documents.ts";

export type Env = Record<string, string | undefined>;

/** Everything the gateway is told from outside, checked. */
export interface GatewaySettings {
  appId: string | null;
  /** The endpoint's first key. */
  apiKey: string;
  /** Each signs webhooks; without one there are none. */
  webhookSecrets: readonly Buffer[];
  /** Sites whose scripts may call the API: origins, or `*` for all. */
  corsOrigins: readonly string[];
  listen: { host: string; port: number };
  contract: DocumentSource;
  workflow: DocumentSource;
  comfy: {
    url: string;
    /** Where its `output/`, `temp/` and `input/` lie; null when that is not known, or on another machine. */
    folder: string | null;
    /** Program and arguments, and what they may know; null for a ComfyUI that somebody else starts. */
    process: { command: readonly string[]; env: Record<string, string> } | null;
  };
  state: { database: string; files: string };
  /** What a pod needs before ComfyUI is started; null for a ComfyUI that somebody else keeps. Paths are absolute. */
  provisioning: {
    artifacts: DocumentSource;
    /** The pod's id; `local` outside RunPod. */
    pod: string;
    /** The volume, and the models folder on it. */
    cache: string;
    models: string;
    /** Folder of ComfyUI's code, the Python it runs on, and what the set-up code of node packs may know. */
    comfy: string;
    python: string;
    packEnv: Record<string, string>;
    comfyModels: string;
    symlinkTargets: readonly string[];
    watchPaths: readonly string[];
    minFileBytes: number;
    tokens: Tokens;
  } | null;
  /** Where the gateway's own pod can be asked about; null outside RunPod. */
  pod: { id: string; apiKey: string; apiUrl: string } | null;
  /** Inputs of the run that warms the endpoint up, as JSON; null for none. */
  warmUp: { subject: string; text: string } | null;
  /** How long the endpoint is not used before its pod stops; null for ever. */
  idleStopMs: number | null;
  limits: {
    /** Largest body of `POST /run`, in bytes. */
    payloadBytes: number;
    /** Largest uploaded file, in bytes. */
    uploadBytes: number;
    /** Longest run of a job; null for no limit. */
    jobTimeoutMs: number | null;
    /** Jobs that may wait; one more is refused. */
    queuedJobs: number;
    /** Requests of one key; null for no limit. */
    requestsPerMinute: number | null;
    /** Days that ended jobs are kept; null keeps them all. */
    jobRetentionDays: number | null;
    /** Event streams that may be open. */
    eventStreams: number;
    /** How long files are kept; null for ever. */
    fileTtlMs: number | null;
    /** Space that files may take, in bytes; null for all there is. */
    fileQuotaBytes: number | null;
  };
}

/**
 * The settings in the environment.
 * @throws {UserError} with every problem at once
 */
export function readSettings(env: Env): GatewaySettings {
  const set = withoutBlanks(env);
  const parsed = variables.safeParse(set, { reportInput: true });
  if (!parsed.success) throw documentError("the environment", problemsOf(parsed.error));
  const values = parsed.data;
  const path = pathInPod(values[localPodEnv.pathPrefix]);
  const mapPort = portOfMachine(values[localPodEnv.ports]);
  const comfyPort = mapPort(podPorts.comfyui);
  const cache = path(values.COMFY_ENDPOINTS_CACHE_ROOT);
  const stateFolder = join(cache, "state", values.RUNPOD_POD_ID ?? "local");
  const database =
    values.COMFY_ENDPOINTS_STATE_DB === undefined
      ? join(stateFolder, "jobs.db")
      : path(values.COMFY_ENDPOINTS_STATE_DB);

  const { command, folder } = comfyStart(values.COMFY_START_COMMAND, {
    code: path(podPaths.comfy),
    files: path(podPaths.comfyFiles),
    port: comfyPort,
    uploadBytes: values[podEnv.maxUploadMb],
  });
  const document = (setting: "contract" | "workflow", pathVariable: string, file?: string): DocumentSource => {
    const variable = podEnv[`${setting}Json`];
    const text = documentText(set, variable);
    if (text !== undefined) return { subject: variable, text };
    if (file !== undefined) return { subject: path(file), path: path(file) };
    return { subject: `the ${setting} (${variable} or ${pathVariable})` };
  };

  return {
    appId: values[podEnv.appId] ?? null,
    apiKey: values[podEnv.apiKey],
    webhookSecrets: webhookSecrets(values[podEnv.webhookSecret]),
    corsOrigins: values.COMFY_ENDPOINTS_CORS_ORIGINS,
    // The public comes through nginx.
    listen: { host: "127.0.0.1", port: mapPort(values.COMFY_ENDPOINTS_GATEWAY_PORT) },
    contract: document("contract", "COMFY_ENDPOINTS_CONTRACT_PATH", values.COMFY_ENDPOINTS_CONTRACT_PATH),
    workflow: document("workflow", "COMFY_ENDPOINTS_WORKFLOW_PATH", values.COMFY_ENDPOINTS_WORKFLOW_PATH),
    comfy: {
      url: `http://127.0.0.1:${comfyPort}`,
      folder,
      process: { command, env: comfyEnv(env) },
    },
    state: { database, files: join(dirname(database), "files") },
    provisioning: {
      artifacts: artifactsSource(set),
      pod: values.RUNPOD_POD_ID ?? "local",
      cache,
      models: path(values.COMFY_ENDPOINTS_CACHE_MODEL_ROOT ?? join(values.COMFY_ENDPOINTS_CACHE_ROOT, "models")),
      comfy: path(podPaths.comfy),
      python: "python",
      packEnv: comfyEnv(env),
      comfyModels: path(values.COMFY_ENDPOINTS_COMFY_MODELS_ROOT),
      symlinkTargets: values[podEnv.symlinkTargets].map((folder) => (folder.startsWith("/") ? path(folder) : folder)),
      watchPaths: values[podEnv.watchPaths].map(path),
      minFileBytes: values[podEnv.minFileSizeMb],
      tokens: tokensOf(set),
    },
    pod:
      values.RUNPOD_POD_ID === undefined || values.RUNPOD_API_KEY === undefined
        ? null
        : { id: values.RUNPOD_POD_ID, apiKey: values.RUNPOD_API_KEY, apiUrl: apiUrl(values.RUNPOD_API_BASE_URL) },
    warmUp: warmUpSource(set),
    idleStopMs: values[podEnv.idleStopMinutes],
    limits: {
      payloadBytes: values[podEnv.maxPayloadMb],
      uploadBytes: values[podEnv.maxUploadMb],
      jobTimeoutMs: values[podEnv.jobTimeoutSeconds],
      queuedJobs: 1000,
      requestsPerMinute: values.COMFY_ENDPOINTS_RATE_LIMIT_PER_MINUTE,
      jobRetentionDays: values.COMFY_ENDPOINTS_JOB_RETENTION_DAYS,
      eventStreams: 100,
      fileTtlMs: values.COMFY_ENDPOINTS_FILE_TTL_HOURS,
      fileQuotaBytes: values.COMFY_ENDPOINTS_FILE_QUOTA_MB,
    },
  };
}

/** Where the gateway listens when the rest of its environment cannot be understood. */
export const usualListen = (env: Env): GatewaySettings["listen"] => ({
  host: "127.0.0.1",
  port: portOfMachine(env[localPodEnv.ports])(podPorts.gateway),
});

/** A variable that is set to nothing is not set. */
function withoutBlanks(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim() !== ""));
}

/** Where a path of the pod lies, without "..": below a folder when the pod is a process of a developer's machine. */
const pathInPod =
  (prefix = "/") =>
  (path: string): string =>
    join(prefix, resolve("/", path));

/** Which port of the machine stands for one of the pod. */
function portOfMachine(pairs: string | undefined): (port: number) => number {
  const ports = new Map((pairs ?? "").split(",").map((pair) => pair.split(":").map(Number) as [number, number]));
  return (port) => ports.get(port) ?? port;
}
