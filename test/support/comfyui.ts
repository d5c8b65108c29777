import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Prompt } from "../../contract/workflow.ts";

export interface Submission {
  id: string;
  clientId: string;
  prompt: Prompt;
}

interface Entry {
  outputs: Record<string, Record<string, unknown>>;
  status: { status_str: string; messages: [string, Record<string, unknown>][] };
}

/**
 * As much of ComfyUI's API as a gateway uses, without any execution: a test says how each prompt ends, and what goes
 * wrong on the way.
 */
export interface ComfyStub {
  url: string;
  /** Every prompt that came in, in order. */
  submissions: Submission[];
  /** What was asked of it: `POST /interrupt {"prompt_id":…}`. */
  requests: string[];
  /** Whether it answers at all; while it is down, every connection is cut. */
  up: boolean;
  /** Takes cancels, and goes on. */
  deaf: boolean;
  /** Takes prompts, but cuts the connection before the answer. */
  cutAnswer: boolean;
  /** Answers POST /prompt in its place; undefined takes the prompt. */
  refuse: ((submission: Submission) => { status: number; body: unknown } | undefined) | undefined;
  /** Called with each prompt that was taken. */
  onPrompt: ((submission: Submission) => void) | undefined;
  /** Answers GET /history in its place, with a status. */
  historyAnswer: [status: number, body: string] | undefined;
  /** Prompts that have not ended. */
  active: Set<string>;
  /** Files that /view serves, by `subfolder/filename`. Of `half.png` it serves a half. */
  files: Map<string, { bytes: Buffer; contentType: string }>;
  /** Whether /api/jobs is there. */
  hasJobsApi: boolean;
  knownClasses: Set<string>;
  /** Ends a prompt: into the history, then the events. */
  finish(id: string, outputs?: Entry["outputs"], options?: { events?: boolean; historyAfterMs?: number }): void;
  fail(id: string, error: Record<string, unknown>): void;
  /** Tells whoever submitted the prompt; data gets its id, unless it says another. */
  emit(id: string, type: string, data?: Record<string, unknown>): void;
  /** Sends the prompt's client a binary message. */
  emitBinary(id: string, message: Buffer): void;
  /** What clients said over their websockets. */
  messages: string[];
  /** Forgets everything, as a restart does. */
  forget(): void;
  /** Cuts the websockets. */
  dropSockets(): void;
  sockets(): number;
  historySize(): number;
  close(): Promise<void>;
}

export async function createComfyStub(): Promise<ComfyStub> {
  const history = new Map<string, Entry>();
  const submissions = new Map<string, Submission>();
  const sockets = new Map<WebSocket, string>();

  const emit = (id: string, type: string, data: Record<string, unknown> = {}): void => {
    send(id, JSON.stringify({ type, data: { prompt_id: id, ...data } }));
  };
  const send = (id: string, message: string | Buffer): void => {
    const client = submissions.get(id)?.clientId;
    for (const [socket, clientId] of sockets) if (clientId === client) socket.send(message);
  };
  const end = (id: string, entry: Entry, event: string, events: boolean, historyAfterMs: number): void => {
    const record = (): void => {
      stub.active.delete(id);
      history.set(id, entry);
    };
    if (historyAfterMs > 0) setTimeout(record, historyAfterMs);
    else record();
    if (!events) return;
    emit(id, event);
    emit(id, "executing", { node: null });
  };

  const interrupted = (id: string): void => {
    if (stub.deaf) return;
    const messages: Entry["status"]["messages"] = [["execution_interrupted", { prompt_id: id }]];
    end(id, { outputs: {}, status: { status_str: "error", messages } }, "execution_interrupted", true, 0);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = Buffer.concat(await request.toArray()).toString();
    const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://stub");
    const json = (value: unknown, status = 200): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (request.method === "POST" && pathname !== "/prompt") stub.requests.push(`${pathname} ${text}`);

    if (pathname === "/system_stats") json({ system: {} });
    else if (pathname === "/prompt") {
      const submission: Submission = {
        id: body["prompt_id"] as string,
        clientId: body["client_id"] as string,
        prompt: body["prompt"] as Prompt,
      };
      stub.submissions.push(submission);
      const refusal = stub.refuse?.(submission);
      if (refusal !== undefined) {
        json(refusal.body, refusal.status);
        return;
      }
      submissions.set(submission.id, submission);
      stub.active.add(submission.id);
      if (stub.cutAnswer) request.socket.destroy();
      else json({ prompt_id: submission.id, number: 0, node_errors: {} });
      stub.onPrompt?.(submission);
    } else if (pathname.startsWith("/history/")) {
      const id = pathname.slice("/history/".length);
      const entry = history.get(id);
      if (stub.historyAnswer !== undefined) response.writeHead(stub.historyAnswer[0]).end(stub.historyAnswer[1]);
      else json(entry === undefined ? {} : { [id]: entry });
    } else if (pathname === "/history") {
      for (const id of body["delete"] as string[]) history.delete(id);
      response.end();
    } else if (pathname === "/queue") {
      if (request.method === "GET") {
        json({ queue_running: [...stub.active].map((id) => [0, id, {}, {}, []]), queue_pending: [] });
      } else response.end();
    } else if (pathname === "/interrupt") {
      const id = body["prompt_id"] as string;
      if (stub.active.has(id)) interrupted(id);
      response.end();
    } else if (pathname.startsWith("/api/jobs/") && stub.hasJobsApi) {
      const id = pathname.split("/")[3] ?? "";
      const active = stub.active.has(id);
      if (active) interrupted(id);
      json({ cancelled: active });
    } else if (pathname === "/view") {
      const file = stub.files.get(`${searchParams.get("subfolder") ?? ""}/${searchParams.get("filename") ?? ""}`);
      if (searchParams.get("filename") === "half.png") {
        response.writeHead(200, { "content-length": 1000 }).write("half");
        setImmediate(() => request.socket.destroy());
      } else if (file === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "content-type": file.contentType }).end(file.bytes);
    } else if (pathname.startsWith("/object_info/")) {
      const name = pathname.slice("/object_info/".length);
      json(stub.knownClasses.has(name) ? { [name]: {} } : {});
    } else json({ error: "not found" }, 404);
  };

  const server = createServer((request, response) => {
    if (stub.up) void answer(request, response);
    else request.socket.destroy();
  });
  const websockets = new WebSocketServer({ server, path: "/ws" });
  websockets.on("connection", (socket, request) => {
    sockets.set(socket, new URL(request.url ?? "/", "http://stub").searchParams.get("clientId") ?? "");
    socket.on("close", () => sockets.delete(socket));
    socket.on("message", (data: Buffer) => stub.messages.push(data.toString()));
    socket.send(JSON.stringify({ type: "status", data: { status: { exec_info: { queue_remaining: 0 } } } }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const stub: ComfyStub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    submissions: [],
    requests: [],
    messages: [],
    emit,
    emitBinary: send,
    up: true,
    deaf: false,
    cutAnswer: false,
    refuse: undefined,
    onPrompt: undefined,
    historyAnswer: undefined,
    active: new Set(),
    files: new Map(),
    hasJobsApi: true,
    knownClasses: new Set(["ApiInput", "PromptCard", "ApiOutput", "SaveImage"]),
    finish: (id, outputs = {}, { events = true, historyAfterMs = 0 } = {}) =>
      end(
        id,
        { outputs, status: { status_str: "success", messages: [] } },
        "execution_success",
        events,
        historyAfterMs,
      ),
    fail: (id, error) => {
      const messages: Entry["status"]["messages"] = [["execution_error", { prompt_id: id, ...error }]];
      end(id, { outputs: {}, status: { status_str: "error", messages } }, "execution_error", true, 0);
    },
    forget: () => {
      history.clear();
      stub.active.clear();
    },
    dropSockets: () => sockets.forEach((_, socket) => socket.terminate()),
    sockets: () => sockets.size,
    historySize: () => history.size,
    close: async () => {
      stub.dropSockets();
      websockets.close();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return stub;
}
