import { execFileSync } from "node:child_process";
import { UserError } from "../../../contract/errors.ts";
import { whileEngineLives } from "../engine/engine-guard.ts";
import { type Env, withEnvFiles } from "../env-files.ts";
import type { RunPodApi } from "./api.ts";
import { apiUrl } from "./api-url.ts";
import { noKeyRemedy, RunPodError } from "./errors.ts";
import { createGraphQlApi } from "./graphql-api.ts";

export interface RunPodSettings {
  apiKey: string;
  baseUrl: string;
  proxyUrl: string;
  /** How long one request may take, in milliseconds. */
  timeoutMs: number;
}

const defaultTimeoutSeconds = 30;

/**
 * Where RunPod is and with which key it is asked. The environment and its files win over the stack's config: `destroy` and
 * `refresh` hand over the config of the last `up`, which may hold a key that was rotated since.
 * @param configKey stack config `comfy-endpoints:runpodApiKey`
 * @param keychainKey asked last, for it may show a dialog
 * @throws {UserError} when there is no key anywhere
 */
export function runPodSettings(
  env: Env,
  configKey: string | undefined,
  keychainKey: (env: Env) => string | undefined,
): RunPodSettings {
  const apiKey = env["RUNPOD_API_KEY"] ?? configKey ?? keychainKey(env);
  if (apiKey === undefined) throw new RunPodError("auth", noKeyRemedy);
  return {
    apiKey,
    baseUrl: apiUrl(env["RUNPOD_API_BASE_URL"]),
    proxyUrl: proxyUrl(env["RUNPOD_PROXY_URL"] ?? "https://{podId}-{port}.proxy.runpod.net"),
    timeoutMs: timeoutMs(env["COMFY_ENDPOINTS_RUNPOD_TIMEOUT_SECONDS"]),
  };
}

let connected: { configKey: string | undefined; api: RunPodApi } | undefined;

/** The account's RunPod API; one connection serves every resource of a run. */
export function connect(configKey: string | undefined): RunPodApi {
  if (connected === undefined || connected.configKey !== configKey) {
    const settings = runPodSettings(withEnvFiles(process.env, process.cwd()), configKey, macKeychainKey);
    connected = {
      configKey,
      api: whileEngineLives(createGraphQlApi({ ...settings, retryDelaysMs: [500, 1000, 2000, 4000] })),
    };
  }
  return connected.api;
}

function proxyUrl(template: string): string {
  if (template.includes("{podId}") && template.includes("{port}")) return template;
  throw new UserError(`RUNPOD_PROXY_URL is "${template}"; it must hold {podId} and {port}`);
}

function timeoutMs(text: string | undefined): number {
  const seconds = text === undefined ? defaultTimeoutSeconds : Number(text);
  if (seconds > 0 && seconds <= 600) return seconds * 1000;
  throw new UserError(`COMFY_ENDPOINTS_RUNPOD_TIMEOUT_SECONDS is "${text ?? ""}"; give seconds from above 0 to 600`);
}

function macKeychainKey(env: Env): string | undefined {
  if (process.platform !== "darwin") return undefined;
  const account = env["COMFY_ENDPOINTS_RUNPOD_KEYCHAIN_ACCOUNT"] ?? env["USER"];
  if (account === undefined) return undefined;
  try {
    const query = ["find-generic-password", "-w", "-a", account, "-s", "COMFY_ENDPOINTS_RUNPOD_API_KEY"];
    const key = execFileSync("security", query, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return key.trim() || undefined;
  } catch {
    // Not in the keychain: the caller says where a key may be put.
    return undefined;
  }
}
