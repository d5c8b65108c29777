import { dirname, join } from "node:path";
import { z } from "zod";
import { documentError, type Problem, UserError } from "../contract/errors.ts";
import { problemsOf } from "../contract/parse.ts";
import { localPodEnv, podEnv, podPaths, podPorts, readPodEnv, refusedApiKeys } from "../contract/pod-env.ts";
import { splitWords } from "./comfy/command.ts";

export type Env = Record<string, string | undefined>;

/** Where a document comes from: its text, or the file that holds it; neither when nothing was said. */
export interface DocumentSource {
  /** What the document is called in errors. */
  subject: string;
  text?: string;
  path?: string;
}

/** Everything the gateway is told from outside, checked. */
export interface GatewaySettings {
  appId: string | null;
  /** The endpoint's first key. */
  apiKey: string;
  listen: { host: string; port: number };
  contract: DocumentSource;
  workflow: DocumentSource;
  comfy: {
    url: string;
    /** Program and arguments. */
    command: readonly string[];
    env: Record<string, string>;
  };
  state: { database: string; files: string };
  limits: {
    /** Largest body of `POST /run`, in bytes. */
    payloadBytes: number;
    /** Largest uploaded file, in bytes. */
    uploadBytes: number;
    /** Longest run of a job; null for no limit. */
    jobTimeoutMs: number | null;
    /** Jobs that may wait; one more is refused. */
    queuedJobs: number;
  };
}

const megabytes = (fallback: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, "give a whole number of MB")
    .transform((text) => Number(text) * 1024 ** 2)
    .default(fallback * 1024 ** 2);

// The original's ways to say that jobs have no time limit.
const seconds = z
  .string()
  .trim()
  .transform((text, context) => {
    if (/^(none|inf|infinite|)$/i.test(text)) return null;
    const value = Number(text);
    if (Number.isFinite(value)) return value > 0 ? value * 1000 : null;
    context.addIssue({ code: "custom", input: text, message: 'give a number of seconds, or "none"' });
    return z.NEVER;
  })
  .default(null);

const port = z
  .string()
  .regex(/^\d{1,5}$/, "give a port from 1 to 65535")
  .transform(Number)
  .refine((value) => value > 0 && value < 65536, "give a port from 1 to 65535");

const absolutePath = z.string().startsWith("/", "give an absolute path");

const variables = z.object({
  [podEnv.appId]: z.string().optional(),
  [podEnv.apiKey]: z
    .string("the endpoint's key")
    .trim()
    .min(1, "give the endpoint's key")
    .refine((key) => !refusedApiKeys.includes(key), "everybody knows that key; give one of your own"),
  [podEnv.jobTimeoutSeconds]: seconds,
  [podEnv.maxPayloadMb]: megabytes(10),
  [podEnv.maxUploadMb]: megabytes(2048),
  COMFY_ENDPOINTS_GATEWAY_PORT: port.default(podPorts.gateway),
  COMFY_ENDPOINTS_CACHE_ROOT: absolutePath.default(podPaths.cache),
  COMFY_ENDPOINTS_STATE_DB: absolutePath.optional(),
  COMFY_ENDPOINTS_CONTRACT_PATH: absolutePath.optional(),
  COMFY_ENDPOINTS_WORKFLOW_PATH: absolutePath.optional(),
  COMFY_START_COMMAND: z.string().optional(),
  RUNPOD_POD_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "give a pod id of letters, digits, _ and -")
    .default("local"),
  [localPodEnv.pathPrefix]: absolutePath.optional(),
  [localPodEnv.ports]: z
    .string()
    .regex(/^\d+:\d+(,\d+:\d+)*$/, "give pairs of ports such as 3000:41001,8188:41002")
    .optional(),
});

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
  const local = values[localPodEnv.pathPrefix] !== undefined || values[localPodEnv.ports] !== undefined;
  const comfyPort = mapPort(podPorts.comfyui);
  const stateFolder = join(path(values.COMFY_ENDPOINTS_CACHE_ROOT), "state", values.RUNPOD_POD_ID);
  const database =
    values.COMFY_ENDPOINTS_STATE_DB === undefined
      ? join(stateFolder, "jobs.db")
      : path(values.COMFY_ENDPOINTS_STATE_DB);

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
    // A developer's machine is not a container: nobody but itself may reach it.
    listen: { host: local ? "127.0.0.1" : "0.0.0.0", port: mapPort(values.COMFY_ENDPOINTS_GATEWAY_PORT) },
    contract: document("contract", "COMFY_ENDPOINTS_CONTRACT_PATH", values.COMFY_ENDPOINTS_CONTRACT_PATH),
    workflow: document("workflow", "COMFY_ENDPOINTS_WORKFLOW_PATH", values.COMFY_ENDPOINTS_WORKFLOW_PATH),
    comfy: {
      url: `http://127.0.0.1:${comfyPort}`,
      command: comfyCommand(values.COMFY_START_COMMAND, path(podPaths.comfy), comfyPort),
      env: comfyEnv(env),
    },
    state: { database, files: join(dirname(database), "files") },
    limits: {
      payloadBytes: values[podEnv.maxPayloadMb],
      uploadBytes: values[podEnv.maxUploadMb],
      jobTimeoutMs: values[podEnv.jobTimeoutSeconds],
      queuedJobs: 1000,
    },
  };
}

/** A variable that is set to nothing is not set. */
function withoutBlanks(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim() !== ""));
}

/** Where a path of the pod lies: below a folder when the pod is a process of a developer's machine. */
const pathInPod =
  (prefix: string | undefined) =>
  (path: string): string =>
    prefix === undefined ? path : join(prefix, path);

/** Which port of the machine stands for one of the pod. */
function portOfMachine(pairs: string | undefined): (port: number) => number {
  const ports = new Map((pairs ?? "").split(",").map((pair) => pair.split(":").map(Number) as [number, number]));
  return (port) => ports.get(port) ?? port;
}

function documentText(env: Env, variable: string): string | undefined {
  try {
    return readPodEnv(env, variable);
  } catch (cause) {
    const problem: Problem = { path: variable, message: "is damaged: its pieces do not unpack; deploy again" };
    throw new UserError(documentError("the environment", [problem]).message, [problem], { cause });
  }
}

function comfyCommand(command: string | undefined, comfyFolder: string, port: number): string[] {
  if (command !== undefined) return splitWords(command);
  return [
    ...["python", join(comfyFolder, "main.py"), "--listen", "127.0.0.1", "--port", String(port)],
    "--disable-auto-launch",
    // ComfyUI writes the whole prompt into every PNG: callers' outputs would give the workflow away.
    "--disable-metadata",
  ];
}

/** What ComfyUI and its nodes may know: all but the gateway's own settings and the key to the RunPod account. */
function comfyEnv(env: Env): Record<string, string> {
  const own = Object.values(podEnv);
  const hidden = (name: string): boolean =>
    name === "RUNPOD_API_KEY" || own.some((setting) => name === setting || name.startsWith(`${setting}_GZ_`));
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && !hidden(entry[0])),
  );
}
