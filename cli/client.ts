import { createWriteStream, openAsBlob } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  errorBody,
  type FileObject,
  type Health,
  type Job,
  type ResponseBody,
  type Route,
  type RouteName,
  routePath,
  routes,
} from "../contract/api.ts";
import { problemLine } from "../contract/errors.ts";
import { HttpError } from "./http-error.ts";

export interface ClientOptions {
  /** Base address of the endpoint. */
  url: string;
  /** Sent as `x-api-key`. */
  apiKey: string;
  /** What a user may do about a key that is refused. */
  keyRemedy: string;
  userAgent: string;
  /** Ends every request when it is aborted. */
  signal: AbortSignal;
}

/** The API of one endpoint. What goes wrong is an {@link HttpError}. */
export interface Client {
  readonly url: string;
  /** The endpoint's health, whether it is well or not. */
  health(): Promise<Health>;
  contract(): Promise<ResponseBody<"contract", 200>>;
  run(inputs: object): Promise<ResponseBody<"run", 202>>;
  job(id: string): Promise<Job>;
  /** Goes through although the user interrupted. */
  cancelJob(id: string): Promise<ResponseBody<"cancelJob", 202>>;
  upload(path: string, mediaType: string): Promise<FileObject>;
  /** Writes the file where `pathOf` says, whole or not at all. */
  download(fileId: string, pathOf: (mediaType: string) => string): Promise<{ path: string; size: number }>;
}

interface Request {
  parameters?: Record<string, string>;
  body?: string | Blob;
  headers?: Record<string, string>;
  /** What ends the request, when not the client's signal or the time that a JSON answer may take. */
  signal?: AbortSignal;
}

const jsonTimeoutMs = 30_000;

export function createClient({ url, apiKey, keyRemedy, userAgent, signal }: ClientOptions): Client {
  const base = url.replace(/\/+$/, "");

  async function send(name: RouteName, request: Request): Promise<{ response: Response; label: string }> {
    const { method, scope } = routes[name];
    const address = base + routePath(name, request.parameters);
    const label = `${method} ${address}`;
    const headers = { "user-agent": userAgent, ...(scope !== "open" && { "x-api-key": apiKey }), ...request.headers };
    try {
      const response = await fetch(address, {
        method,
        headers,
        body: request.body ?? null,
        signal: request.signal ?? signal,
      });
      return { response, label };
    } catch (cause) {
      signal.throwIfAborted();
      throw new HttpError(`${label} got no answer: ${networkReason(cause)}`, undefined, { cause });
    }
  }

  /** Sends a request and gives the body of the answer; any status that the route does not have is an error. */
  async function call<Name extends RouteName, Status extends keyof (typeof routes)[Name]["responses"]>(
    name: Name,
    request: Request = {},
  ): Promise<ResponseBody<Name, Status>> {
    const ending = request.signal ?? AbortSignal.any([signal, AbortSignal.timeout(jsonTimeoutMs)]);
    const { response, label } = await send(name, { ...request, signal: ending });
    const text = await response.text().catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new HttpError(`${label} broke off: ${networkReason(cause)}`, undefined, { cause });
    });
    const schema = (routes[name] as Route).responses[response.status];
    if (schema === undefined) throw refusal(label, response.status, text);
    const parsed = schema === "bytes" ? undefined : schema.safeParse(parseJson(text));
    if (parsed?.success === true) return parsed.data as ResponseBody<Name, Status>;
    throw new HttpError(
      `${label} answered ${response.status} with something else than it should: ${excerpt(text)}`,
      response.status,
    );
  }

  function refusal(label: string, status: number, text: string): HttpError {
    const body = errorBody.safeParse(parseJson(text)).data;
    const code = body?.error ?? excerpt(text);
    const details = body?.problems?.map(problemLine) ?? (body?.detail === undefined ? [] : [body.detail]);
    const said = [...(code === "" ? [] : [` ${code}`]), ...(details.length === 0 ? [] : [`: ${details.join("; ")}`])];
    const remedy = status === 401 ? `; ${keyRemedy}` : "";
    return new HttpError(`${label} answered ${status}${said.join("")}${remedy}`, status);
  }

  return {
    url: base,
    health: () => call("health"),
    contract: () => call("contract"),
    run: (inputs) => call("run", { body: JSON.stringify(inputs), headers: { "content-type": "application/json" } }),
    job: (id) => call("job", { parameters: { id } }),
    cancelJob: (id) => call("cancelJob", { parameters: { id }, signal: AbortSignal.timeout(jsonTimeoutMs) }),
    async upload(path, mediaType) {
      // Headers carry ASCII only.
      const headers = { "content-type": mediaType, "x-file-name": basename(path).replace(/[^\x20-\x7e]/g, "_") };
      // A Blob of the file is streamed from disk, with its size known; it takes the time it takes.
      return call("uploadFile", { body: await openAsBlob(path), headers, signal });
    },
    async download(fileId, pathOf) {
      const { response, label } = await send("downloadFile", { parameters: { id: fileId } });
      if (!response.ok || response.body === null) throw refusal(label, response.status, await response.text());
      const path = pathOf(response.headers.get("content-type") ?? "application/octet-stream");
      const part = `${path}.part`;
      const target = createWriteStream(part);
      try {
        await pipeline(Readable.fromWeb(response.body), target);
        await rename(part, path);
      } catch (cause) {
        await rm(part, { force: true });
        signal.throwIfAborted();
        throw new HttpError(`${label} broke off: ${networkReason(cause)}`, undefined, { cause });
      }
      return { path, size: target.bytesWritten };
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Proxies answer in HTML and plain text.
    return undefined;
  }
}

/** The first words of an answer that is not ours, such as a proxy's page. */
const excerpt = (text: string): string => {
  const line = text
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
};

/** fetch hides what happened in the error's cause. */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `nothing came for ${jsonTimeoutMs / 1000} s`;
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
