import { z } from "zod";
import { localPodEnv, podEnv, podPaths, podPorts, refusedApiKeys } from "../../contract/pod-env.ts";

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

// Counting is switched off by 0, as deployments like to say it.
const perMinute = z
  .string()
  .regex(/^\d{1,7}$/, "give a number of requests a minute, or 0 for no limit")
  .transform((text) => (text === "0" ? null : Number(text)))
  .default(null);

// As above: nothing is removed after 0 days.
const days = z
  .string()
  .regex(/^\d{1,5}$/, "give a number of days, or 0 to keep them all")
  .transform((text) => (Number(text) === 0 ? null : Number(text)))
  .default(30);

const hoursKept = z
  .string()
  .regex(/^\d{1,6}$/, "give a number of hours, or 0 to keep files for ever")
  .transform((text) => (Number(text) === 0 ? null : Number(text) * 3_600_000))
  .default(168 * 3_600_000);

// Parts of a minute are for trying it out.
const minutes = z
  .string()
  .regex(/^\d{1,5}(\.\d{1,4})?$/, "give a number of minutes, or 0 to never stop")
  .transform((text) => (Number(text) === 0 ? null : Number(text) * 60_000))
  .default(null);

const quota = z
  .string()
  .regex(/^\d{1,9}$/, "give a number of MB, or 0 for no limit")
  .transform((text) => (Number(text) === 0 ? null : Number(text) * 1024 ** 2))
  .default(null);

const origins = z
  .string()
  .transform((text, context) => {
    const list = text.split(",").map((origin) => origin.trim());
    for (const origin of list) {
      if (origin === "*" || (URL.canParse(origin) && new URL(origin).origin === origin)) continue;
      const message = `"${origin}" is no origin; give origins such as https://example.com, with commas between, or *`;
      context.addIssue({ code: "custom", input: text, message });
    }
    return list;
  })
  .default([]);

const list = z
  .string()
  .default("")
  .transform((text) => text.split(",").map((part) => part.trim()))
  .transform((parts) => parts.filter((part) => part !== ""));

/** The environment variables that the gateway reads, each with what may be in it. */
export const variables = z.object({
  [podEnv.appId]: z.string().optional(),
  [podEnv.apiKey]: z
    .string("the endpoint's key")
    .trim()
    .min(1, "give the endpoint's key")
    .refine((key) => !refusedApiKeys.includes(key), "everybody knows that key; give one of your own"),
  // Judged apart: an error of the schema would show it.
  [podEnv.webhookSecret]: z.string().optional(),
  [podEnv.jobTimeoutSeconds]: seconds,
  [podEnv.maxPayloadMb]: megabytes(10),
  [podEnv.maxUploadMb]: megabytes(2048),
  COMFY_ENDPOINTS_GATEWAY_PORT: port.default(podPorts.gateway),
  COMFY_ENDPOINTS_RATE_LIMIT_PER_MINUTE: perMinute,
  COMFY_ENDPOINTS_CORS_ORIGINS: origins,
  COMFY_ENDPOINTS_JOB_RETENTION_DAYS: days,
  COMFY_ENDPOINTS_FILE_TTL_HOURS: hoursKept,
  COMFY_ENDPOINTS_FILE_QUOTA_MB: quota,
  COMFY_ENDPOINTS_CACHE_ROOT: absolutePath.default(podPaths.cache),
  COMFY_ENDPOINTS_CACHE_MODEL_ROOT: absolutePath.optional(),
  COMFY_ENDPOINTS_COMFY_MODELS_ROOT: absolutePath.default(`${podPaths.comfy}/models`),
  [podEnv.watchPaths]: list.refine((paths) => paths.every((path) => path.startsWith("/")), "give absolute paths"),
  [podEnv.minFileSizeMb]: z
    .string()
    .regex(/^\d{1,7}$/, "give a whole number of MB")
    .default("100")
    .transform((text) => Number(text) * 1024 ** 2),
  [podEnv.symlinkTargets]: list,
  [podEnv.idleStopMinutes]: minutes,
  COMFY_ENDPOINTS_STATE_DB: absolutePath.optional(),
  COMFY_ENDPOINTS_CONTRACT_PATH: absolutePath.optional(),
  COMFY_ENDPOINTS_WORKFLOW_PATH: absolutePath.optional(),
  COMFY_START_COMMAND: z.string().optional(),
  RUNPOD_POD_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "give a pod id of letters, digits, _ and -")
    .optional(),
  // RunPod puts one into every pod, good for that pod.
  RUNPOD_API_KEY: z.string().optional(),
  RUNPOD_API_BASE_URL: z
    .url({ protocol: /^https?$/, error: "give an address such as https://api.runpod.io" })
    .optional(),
  [localPodEnv.pathPrefix]: absolutePath.optional(),
  [localPodEnv.ports]: z
    .string()
    .regex(/^\d+:\d+(,\d+:\d+)*$/, "give pairs of ports such as 3000:41001,8188:41002")
    .optional(),
});
