import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { errorCodes, type Health, isTerminal, type Job, type JobState, jobSummary } from "../../contract/api.ts";

/** What the double answers instead, once, whatever is asked: a fault on the way. */
export interface Fault {
  /** `drop` closes the connection without an answer. */
  status: number | "drop";
  body?: string;
  headers?: Record<string, string>;
}

export interface DoubleFile {
  bytes: Buffer;
  mediaType: string;
  name: string | null;
  appId?: string;
  createdAt?: string;
}

export interface GatewayDouble {
  url: string;
  contract: object;
  /** Requests as `METHOD /path`, in order. */
  requests: string[];
  /** Their queries, as they came; requests without one are left out. */
  queries: string[];
  /** `Idempotency-Key` of every `POST /run`, whether it was answered or not. */
  idempotencyKeys: (string | undefined)[];
  /** Bodies of `POST /run`. */
  runs: unknown[];
  /** Uploaded and generated files by id. */
  files: Map<string, DoubleFile>;
  /** States that the next looks at a job show, the last one for ever. */
  states: JobState[];
  result: Record<string, unknown>;
  /** Bodies of the next event streams, each cut at its end; without any the route is not there. */
  streams: string[];
  /** What an event stream begins with that stays open until it is ended; used when there are no `streams`. */
  openStream: string | undefined;
  /** Ends the open event streams with these events. */
  endStream(events: string): void;
  /** `Last-Event-ID` of every stream that was asked for. */
  lastEventIds: (string | undefined)[];
  health: Health;
  /** Used up by the next requests that want a key, one each. */
  faults: Fault[];
  close(): Promise<void>;
}

const missingFile: DoubleFile = { bytes: Buffer.alloc(0), mediaType: "", name: null };

/** A gateway without a GPU: the routes of contract/api.ts over real HTTP, with jobs that end as they are told to. */
export async function startGatewayDouble(contract: object, apiKey: string): Promise<GatewayDouble> {
  const canceled = new Set<string>();
  const open: ServerResponse[] = [];
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const double: GatewayDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    contract,
    requests: [],
    queries: [],
    runs: [],
    idempotencyKeys: [],
    files: new Map(),
    states: ["completed"],
    result: {},
    streams: [],
    openStream: undefined,
    endStream: (events) => {
      double.openStream = undefined;
      for (const stream of open.splice(0)) stream.end(events);
    },
    lastEventIds: [],
    health: { status: "ok", phase: "ready" },
    faults: [],
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = "/" } = request;
    const { pathname, search } = new URL(url, double.url);
    const body = await buffer(request);
    double.requests.push(`${method} ${pathname}`);
    if (search !== "") double.queries.push(search);
    const json = (status: number, document: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(document));

    if (pathname === "/healthz") return void json(double.health.status === "ok" ? 200 : 503, double.health);
    if (pathname === "/run") double.idempotencyKeys.push(request.headers["idempotency-key"]?.toString());
    const fault = double.faults.shift();
    if (fault?.status === "drop") return void response.destroy();
    if (fault !== undefined) return void response.writeHead(fault.status, fault.headers).end(fault.body ?? "");
    if (request.headers["x-api-key"] !== apiKey) return void json(401, { error: errorCodes.unauthorized });

    const [, folder, id = "", action] = pathname.split("/");
    if (pathname === "/contract") return void json(200, double.contract);
    if (pathname === "/run") {
      double.runs.push(JSON.parse(body.toString()));
      return void json(202, { job_id: randomBytes(16).toString("hex"), state: "queued" });
    }
    if (folder === "jobs" && action === "cancel") {
      canceled.add(id);
      return void json(202, { job_id: id, state: "canceling", cancel_requested: true });
    }
    if (folder === "jobs" && action === "events") {
      double.lastEventIds.push(request.headers["last-event-id"]?.toString());
      const stream = double.streams.shift();
      if (stream === undefined && double.openStream !== undefined) {
        open.push(response);
        return void response.writeHead(200, { "content-type": "text/event-stream" }).write(double.openStream);
      }
      if (stream === undefined) return void json(404, { error: errorCodes.notFound });
      return void response.writeHead(200, { "content-type": "text/event-stream" }).end(stream);
    }
    if (folder === "jobs") return void json(200, id === "" ? jobPage() : job(id));
    if (pathname === "/files" && method === "GET") {
      const items = [...double.files.keys()].reverse().map(fileObject);
      return void json(200, { items, next_cursor: null });
    }
    if (pathname === "/files") {
      const fileId = `fid_${randomBytes(16).toString("hex")}`;
      const mediaType = request.headers["content-type"] ?? "application/octet-stream";
      const header = request.headers["x-file-name"]?.toString();
      const name = header === undefined ? null : Buffer.from(header, "latin1").toString();
      const appId = request.headers["x-app-id"]?.toString();
      double.files.set(fileId, { bytes: body, mediaType, name, ...(appId !== undefined && { appId }) });
      return void json(201, fileObject(fileId));
    }
    const file = double.files.get(id);
    if (file === undefined) return void json(404, { error: errorCodes.fileNotFound });
    if (action === "download") return void response.writeHead(200, { "content-type": file.mediaType }).end(file.bytes);
    json(200, fileObject(id));
  }

  function jobPage() {
    return { items: [jobSummary.parse(job("job1"))], next_cursor: "17-1" };
  }

  function job(id: string): Job {
    const next = double.states.length > 1 ? double.states.shift() : double.states[0];
    const state = canceled.has(id) ? "canceled" : (next ?? "completed");
    return {
      job_id: id,
      state,
      output: state === "completed" ? { prompt_id: "prompt-1", status: "completed", result: double.result } : null,
      error: state === "failed" ? "PROMPT_FAILED:no memory" : state === "canceled" ? "CANCELED_BY_REQUEST" : null,
      prompt_id: "prompt-1",
      cancel_requested: canceled.has(id),
      priority: 0,
      created_at: "2026-01-01T00:00:00Z",
      started_at: state === "queued" ? null : "2026-01-01T00:00:01Z",
      finished_at: isTerminal(state) ? "2026-01-01T00:00:03Z" : null,
      timings: { queued_ms: 1000, boot_ms: 0, run_ms: state === "queued" ? null : 2000 },
      progress: null,
      queue_position: state === "queued" ? 1 : null,
      cost_usd: null,
    };
  }

  function fileObject(fileId: string) {
    const { bytes, mediaType, name, appId, createdAt } = double.files.get(fileId) ?? missingFile;
    return {
      file_id: fileId,
      media_type: mediaType,
      size_bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      source: "uploaded",
      app_id: appId ?? null,
      original_name: name,
      created_at: createdAt ?? "2026-01-01T00:00:00+00:00",
      download_path: `/files/${fileId}/download`,
    };
  }

  return double;
}
