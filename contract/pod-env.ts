import { gunzipSync, gzipSync } from "node:zlib";
import { UserError } from "./errors.ts";

/** What a deployment tells its pod. Texts are JSON as the user wrote it; the gateway parses them at its own door. */
export interface PodSettings {
  appId: string;
  contractJson: string;
  workflowJson: string;
  /** JSON list of the app's artifacts. */
  artifactsJson: string;
  /** The endpoint's first key. */
  apiKey: string;
  /** Signs webhooks: `whsec_` and base64, as Standard Webhooks has it; several with blanks between each sign. */
  webhookSecret: string;
  /** Longest run time of a job, in seconds. */
  jobTimeoutSeconds: number;
  /** Largest body of `POST /run`, in MB. */
  maxPayloadMb: number;
  /** Largest upload, in MB. */
  maxUploadMb: number;
  /** Folders whose large files move to the volume, with commas between; undefined for none, as below. */
  watchPaths: string | undefined;
  /** Files below this size, in MB, stay where they are. */
  minFileSizeMb: number;
  /** Folders that are links to the volume besides ComfyUI's model folders, with commas between. */
  symlinkTargets: string | undefined;
  /** Minutes without use after which the pod stops itself; undefined for never. */
  idleStopMinutes: number | undefined;
  /** JSON of the inputs of the run that warms the endpoint up; undefined for none. */
  warmUpJson: string | undefined;
}

/** Name of each setting in the pod's environment; the original's where it had one. */
export const podEnv = {
  appId: "COMFY_ENDPOINTS_APP_ID",
  contractJson: "COMFY_ENDPOINTS_CONTRACT_JSON",
  workflowJson: "COMFY_ENDPOINTS_WORKFLOW_JSON",
  artifactsJson: "COMFY_ENDPOINTS_APP_ARTIFACTS_JSON",
  apiKey: "COMFY_ENDPOINTS_API_KEY",
  webhookSecret: "COMFY_ENDPOINTS_WEBHOOK_SECRET",
  jobTimeoutSeconds: "COMFY_ENDPOINTS_PROMPT_TIMEOUT_SECONDS",
  maxPayloadMb: "COMFY_ENDPOINTS_MAX_PAYLOAD_MB",
  maxUploadMb: "COMFY_ENDPOINTS_MAX_UPLOAD_MB",
  watchPaths: "COMFY_ENDPOINTS_WATCH_PATHS",
  minFileSizeMb: "COMFY_ENDPOINTS_MIN_FILE_SIZE_MB",
  symlinkTargets: "COMFY_ENDPOINTS_SYMLINK_TARGETS",
  idleStopMinutes: "COMFY_ENDPOINTS_IDLE_STOP_MINUTES",
  warmUpJson: "COMFY_ENDPOINTS_WARM_UP_JSON",
} as const satisfies Record<keyof PodSettings, string>;

/** Keys that ship in samples all over the world: an endpoint with one of them is open to everybody. */
export const refusedApiKeys: readonly string[] = ["change-me", "demo-change-me"];

/** Where things lie in the pod. The volume is mounted at `cache`: what must survive the container lives below it. */
export const podPaths = {
  cache: "/cache",
  comfy: "/opt/comfy",
  /** What ComfyUI reads and writes: `input/`, `output/` and `temp/`. Apart from its code, and off the volume. */
  comfyFiles: "/opt/comfy_endpoints/comfyui",
} as const;

/** Ports inside the pod: nginx in public, the gateway behind it, ComfyUI behind that on loopback only. */
export const podPorts = { public: 8080, gateway: 3000, comfyui: 8188 } as const;

/** A pod that runs as a process of a developer's machine has no root folder and no ports of its own. */
export const localPodEnv = {
  /** Folder that takes the place of `/`. */
  pathPrefix: "COMFY_ENDPOINTS_LOCAL_PATH_PREFIX",
  /** Port inside the pod to port of the machine: `3000:41001,8188:41002`. */
  ports: "COMFY_ENDPOINTS_LOCAL_PORTS",
} as const;

// Linux takes at most 128 KiB in one environment string, name and "=" included.
const longestValue = 96 * 1024;
// RunPod takes 50 variables a pod: 16 pieces hold 1 MiB of incompressible text and leave room for everything else.
const mostPieces = 16;

/**
 * The settings as environment variables. A text too long for one variable is compressed and split over
 * `<NAME>_GZ_0`, `<NAME>_GZ_1`, …
 * @throws {UserError} when a text is too long even so
 */
export function toPodEnv(settings: PodSettings): Record<string, string> {
  const entries = Object.entries(settings) as [keyof PodSettings, string | number | undefined][];
  const set = entries.filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.flatMap(([setting, value]) => variables(podEnv[setting], String(value))));
}

function variables(name: string, value: string): [string, string][] {
  if (Buffer.byteLength(value) <= longestValue) return [[name, value]];
  const packed = gzipSync(value, { level: 9 }).toString("base64");
  const pieces = Math.ceil(packed.length / longestValue);
  if (pieces > mostPieces) {
    const size = (Buffer.byteLength(value) / 1024 ** 2).toFixed(1);
    throw new UserError(
      `${name} holds ${size} MiB, more than a pod's environment takes; shorten the workflow to 1 MiB`,
    );
  }
  return Array.from({ length: pieces }, (_, at) => [
    `${name}_GZ_${at}`,
    packed.slice(at * longestValue, (at + 1) * longestValue),
  ]);
}

/** A variable's text, put together again when it was split; undefined when it is not set. */
export function readPodEnv(env: Record<string, string | undefined>, name: string): string | undefined {
  if (env[name] !== undefined) return env[name];
  let packed = "";
  for (let at = 0; env[`${name}_GZ_${at}`] !== undefined; at++) packed += env[`${name}_GZ_${at}`] ?? "";
  return packed === "" ? undefined : gunzipSync(Buffer.from(packed, "base64")).toString("utf8");
}
