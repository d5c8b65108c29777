import { readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Deployable, loadDeployable } from "../contract/deployable.ts";
import { podEnv, podPorts } from "../contract/pod-env.ts";
import { FlagError, type Flags } from "./flags.ts";
import { type DocumentSource, type Env, type GatewaySettings, readSettings } from "./settings.ts";

/**
 * The settings of a gateway that is started by hand: what flags say wins over the environment, and ComfyUI runs already.
 * @param folder that relative paths of flags are taken from
 * @throws {UserError} with every problem at once
 */
export function settingsAlone(flags: Flags, env: Env, folder: string): GatewaySettings {
  const at = (path: string): string => resolve(folder, path);
  const app = flags.app === undefined ? undefined : loadApp(flags, at(flags.app));
  const port = listenPort(flags["listen-port"]);
  const url = comfyUrl(flags["comfy-url"]);
  const read = readSettings(app === undefined ? env : { ...app.app.env, ...env, ...appVariables(app) });

  const appId = flags["app-id"] ?? read.appId;
  const database = flags["state-db"] === undefined ? ownDatabase(env, read, folder, appId) : at(flags["state-db"]);
  const document = (name: "contract" | "workflow"): DocumentSource => {
    const path = flags[`${name}-path`];
    if (path !== undefined) return { subject: at(path), path: at(path) };
    const { text, path: variablePath } = read[name];
    if (text !== undefined || variablePath !== undefined) return read[name];
    throw new FlagError(`the ${name} is missing; give --${name}-path FILE, or --app app.json`);
  };

  return {
    ...read,
    appId,
    listen: { host: flags["listen-host"] ?? "127.0.0.1", port: port ?? read.listen.port },
    contract: document("contract"),
    workflow: document("workflow"),
    comfy: {
      ...(attaches(flags, env) ? { url, folder: null, process: null } : read.comfy),
      ...(flags["comfy-folder"] !== undefined && { folder: comfyFolder(at(flags["comfy-folder"])) }),
    },
    state: { database, files: join(dirname(database), "files") },
    provisioning: null,
  };
}

/** A command that starts ComfyUI asks for one of our own, unless an address says where one runs. */
const attaches = (flags: Flags, env: Env): boolean =>
  flags["comfy-url"] !== undefined || (env["COMFY_START_COMMAND"] ?? "").trim() === "";

function loadApp(flags: Flags, path: string): Deployable {
  for (const other of ["contract-path", "workflow-path"] as const) {
    if (flags[other] !== undefined) throw new FlagError(`--app names the workflow and its contract; drop --${other}`);
  }
  const readText = (file: string): string | undefined =>
    statSync(file, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(file, "utf8") : undefined;
  return loadDeployable(path, readText);
}

/** What a deployment of the app would tell its pod. */
function appVariables({ app, contractJson, workflowJson }: Deployable): Env {
  return {
    [podEnv.appId]: app.app_id,
    [podEnv.contractJson]: contractJson,
    [podEnv.workflowJson]: workflowJson,
    [podEnv.jobTimeoutSeconds]: String(app.endpoint.timeout_seconds),
    [podEnv.maxPayloadMb]: String(app.endpoint.max_payload_mb),
    [podEnv.maxUploadMb]: String(app.endpoint.max_upload_mb),
  };
}

function listenPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) < 65536) return Number(text);
  throw new FlagError(`--listen-port is "${text}"; give a port from 0 to 65535`);
}

function comfyUrl(text = `http://127.0.0.1:${podPorts.comfyui}`): string {
  const url = URL.parse(text);
  if (url?.username || url?.password) {
    throw new FlagError("--comfy-url holds a password; ComfyUI has none, and it would show in the list of processes");
  }
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "";
  if (isPlain) return url.href.replace(/\/+$/, "");
  throw new FlagError(`--comfy-url is "${text}"; give an address such as http://127.0.0.1:8188`);
}

/** @throws {FlagError} for a folder in which no ComfyUI saves anything */
function comfyFolder(path: string): string {
  if (statSync(join(path, "output"), { throwIfNoEntry: false })?.isDirectory() === true) return path;
  throw new FlagError(
    `--comfy-folder is "${path}", which has no folder "output"; give the one that has ComfyUI's main.py`,
  );
}

/** Each app has its own: jobs that wait are not for another app's workflow. */
function ownDatabase(env: Env, read: GatewaySettings, folder: string, appId: string | null): string {
  if ((env["COMFY_ENDPOINTS_STATE_DB"] ?? "").trim() !== "") return read.state.database;
  return join(folder, ".comfy_endpoints/gateway", (appId ?? "any").replace(/[^A-Za-z0-9_-]/g, "_"), "jobs.db");
}
