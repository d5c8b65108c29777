import { randomUUID } from "node:crypto";
import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import type { FileObject, Health, Job, PruneRequest, PruneView, ResponseBody } from "../contract/api.ts";
import { type ConnectionOptions, createConnection } from "./http/connection.ts";
import { type Downloaded, downloadFile } from "./http/download.ts";
import type { StreamEvent } from "./http/event-stream.ts";
import type { HttpError } from "./http/http-error.ts";
import { jobEvents } from "./http/job-events.ts";
import { jsonTimeoutMs } from "./http/network-reason.ts";
import { retry } from "./http/retry.ts";

export interface NewFile {
  mediaType: string;
  /** Name it is stored with, when not its own. */
  name?: string | undefined;
  appId?: string | undefined;
}

/** Fields of a file by which files are listed; undefined ones are not asked for. */
export interface FileFilter {
  limit?: string | undefined;
  cursor?: string | undefined;
  media_type?: string | undefined;
  source?: string | undefined;
  app_id?: string | undefined;
}

/** Which jobs are listed; undefined fields do not choose. */
export interface JobFilter {
  state?: string | undefined;
  created_after?: string | undefined;
  created_before?: string | undefined;
  limit?: string | undefined;
  cursor?: string | undefined;
}

/** The API of one endpoint. What goes wrong is an HttpError; what does no harm twice is tried again. */
export interface Client {
  readonly url: string;
  /** The endpoint's health, whether it is well or not; asked once. */
  health(): Promise<Health>;
  contract(): Promise<ResponseBody<"contract", 200>>;
  run(inputs: object): Promise<ResponseBody<"run", 202>>;
  /** A job; asked once, for whoever waits for its end asks again anyway. */
  job(id: string): Promise<Job>;
  /** Goes through although the user interrupted. */
  cancelJob(id: string): Promise<ResponseBody<"cancelJob", 202>>;
  jobs(filter: JobFilter): Promise<ResponseBody<"listJobs", 200>>;
  /** A job's events from after `lastEventId`, until the stream ends. */
  jobEvents(id: string, lastEventId: string, signal: AbortSignal): AsyncGenerator<StreamEvent>;
  files(filter: FileFilter): Promise<ResponseBody<"listFiles", 200>>;
  file(id: string): Promise<FileObject>;
  upload(path: string, file: NewFile): Promise<FileObject>;
  /** Removes models from the volume. */
  prune(request: PruneRequest): Promise<PruneView>;
  /** The latest lines of the gateway's log, one JSON object each. */
  logs(tail: number): Promise<string>;
  /** What the endpoint says of itself, an OpenAPI document. */
  openApi(): Promise<ResponseBody<"openapi", 200>>;
  /** Writes the file where `pathOf` says, whole or not at all. */
  download(fileId: string, pathOf: (mediaType: string) => string): Promise<Downloaded>;
}

/** @param options its `url` may end in a slash */
export function createClient(options: ConnectionOptions): Client {
  const { signal } = options;
  const url = options.url.replace(/\/+$/, "");
  const connection = createConnection({ ...options, url });

  return {
    url,
    health: () => connection.call("health"),
    contract: () => retry(() => connection.call("contract"), signal),
    run: (inputs) => {
      // Of several requests with one key the endpoint runs the first.
      const headers = { "content-type": "application/json", "idempotency-key": randomUUID() };
      const request = { body: JSON.stringify(inputs), headers };
      return retry(() => connection.call("run", request), signal, isRefusal);
    },
    job: (id) => connection.call<"job", 200>("job", { parameters: { id } }),
    cancelJob: (id) => {
      const ending = AbortSignal.timeout(jsonTimeoutMs);
      return retry(() => connection.call("cancelJob", { parameters: { id }, signal: ending }), ending);
    },
    jobs: (filter) => retry(() => connection.call("listJobs", { query: { ...filter } }), signal),
    jobEvents: (id, lastEventId, ending) => jobEvents(connection, id, lastEventId, ending),
    files: (filter) => retry(() => connection.call("listFiles", { query: { ...filter } }), signal),
    file: (id) => retry(() => connection.call("file", { parameters: { id } }), signal),
    upload: async (path, { mediaType, name = basename(path), appId }) => {
      const headers = {
        "content-type": mediaType,
        "x-file-name": headerText(name),
        ...(appId !== undefined && { "x-app-id": headerText(appId) }),
      };
      // A Blob of the file is streamed from disk, with its size known; it takes the time it takes. Sent twice, it is at
      // worst stored twice.
      const body = await openAsBlob(path);
      return retry(() => connection.call("uploadFile", { body, headers, signal }), signal);
    },
    prune: (request) => {
      const headers = { "content-type": "application/json" };
      return retry(() => connection.call("pruneModels", { body: JSON.stringify(request), headers }), signal);
    },
    logs: (tail) =>
      retry(async () => {
        const sent = await connection.send("logs", { query: { tail: String(tail) } });
        if (!sent.response.ok) throw await connection.refusal(sent);
        return sent.response.text();
      }, signal),
    openApi: () => retry(() => connection.call("openapi"), signal),
    download: (fileId, pathOf) => downloadFile(connection, fileId, pathOf, signal),
  };
}

/** The endpoint took no run, and says so: the user may have a better idea than to wait. */
const isRefusal = ({ status }: HttpError): boolean => status === 429 || status === 503;

/** A header's value in UTF-8, which fetch takes byte for byte; control characters are not sent. */
const headerText = (text: string): string => Buffer.from(text.replace(/\p{Cc}/gu, " ")).toString("latin1");
