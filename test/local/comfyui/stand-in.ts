import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { type ComfyUi, createComfyUi, type PreviewMethod } from "../../../local/comfyui/comfyui.ts";
import type { HistoryEntry } from "../../../local/comfyui/execution/prompt-queue.ts";
import type { Folders } from "../../../local/comfyui/folders.ts";
import { until } from "../../support/until.ts";

export interface StandIn {
  url: string;
  folders: Folders;
  executions: ComfyUi["executions"];
  /** Status, and body as JSON or, failing that, as text. */
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  /** Queues a prompt; answers its id. */
  queue(prompt: object, others?: object): Promise<string>;
  /** Queues a prompt and waits for its end. */
  run(prompt: object, others?: object): Promise<HistoryEntry>;
  /** Waits until a prompt is in history. */
  ended(id: string): Promise<HistoryEntry>;
  /** Opens a websocket; waits for the first message. */
  connect(clientId?: string): Promise<Client>;
  /** Ends it and leaves its files. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export type Answer = [status: number, body: unknown];

export interface Client {
  /** A binary one has the type `binary`, and its `bytes` as data. */
  messages: { type: string; data: Record<string, unknown> }[];
  /** Types of the messages, without the progress that comes in between. */
  types(): string[];
  /** Waits for a message of this type. */
  got(type: string): Promise<Record<string, unknown>>;
  /** Waits for the message that ends a prompt. */
  end(promptId: string): Promise<void>;
  send(message: object): void;
  /** The connection is over. */
  closed: Promise<void>;
  close(): Promise<void>;
}

export interface StandInOptions {
  folder?: string;
  maxUploadBytes?: number;
  previewMethod?: PreviewMethod;
}

export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { folder = mkdtempSync(join(tmpdir(), "comfyui-stand-in-")), ...others } = options;
  const folders = { output: join(folder, "output"), input: join(folder, "input"), temp: join(folder, "temp") };
  const comfyUi = createComfyUi({ folders, argv: ["main.py"], ...others });
  const listening = await comfyUi.listen(0);
  const { url } = listening;
  const clients: Client[] = [];
  const standIn: StandIn = {
    url,
    folders,
    executions: comfyUi.executions,
    get: async (path) => answerOf(await fetch(url + path)),
    post: async (path, body) => {
      const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
      return answerOf(await fetch(url + path, { method: "POST", ...(text !== undefined && { body: text }) }));
    },
    queue: async (prompt, others = {}) => {
      const [status, body] = await standIn.post("/prompt", { prompt, ...others });
      if (status !== 200) throw new Error(`POST /prompt answered ${status} ${JSON.stringify(body)}`);
      return (body as { prompt_id: string }).prompt_id;
    },
    run: async (prompt, others) => standIn.ended(await standIn.queue(prompt, others)),
    ended: async (id) => {
      let entry: HistoryEntry | undefined;
      await until(`prompt ${id} ends`, async () => {
        const [, history] = await standIn.get(`/history/${id}`);
        entry = (history as Record<string, HistoryEntry>)[id];
        return entry !== undefined;
      });
      return entry as HistoryEntry;
    },
    connect: async (clientId) => {
      const client = connected(
        `${url.replace("http", "ws")}/ws${clientId === undefined ? "" : `?clientId=${clientId}`}`,
      );
      clients.push(client);
      await client.got("status");
      return client;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await listening.close();
    },
    close: async () => {
      await standIn.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return standIn;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return [response.status, response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text];
}

function connected(address: string): Client {
  const socket = new WebSocket(address);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const client: Client = {
    messages: [],
    types: () => client.messages.map(({ type }) => type).filter((type) => !type.startsWith("progress")),
    got: async (type) => {
      const find = () => client.messages.find((message) => message.type === type);
      await until(`a message "${type}"`, () => find() !== undefined);
      return find()?.data ?? {};
    },
    end: (promptId) =>
      until(`the end of ${promptId}`, () =>
        client.messages.some(({ data }) => data["node"] === null && data["prompt_id"] === promptId),
      ),
    send: (message) => socket.send(JSON.stringify(message)),
    closed,
    close: () => {
      socket.close();
      return closed;
    },
  };
  socket.on("message", (bytes: Buffer, isBinary) =>
    client.messages.push(
      isBinary ? { type: "binary", data: { bytes } } : (JSON.parse(bytes.toString()) as Client["messages"][number]),
    ),
  );
  return client;
}

/** For expect.poll(), whose own second is short on a busy machine. */
export const patience = { timeout: 10_000, interval: 10 };

/** One empty image, saved. */
export const picture = (color: number, prefix = "exp/img") => ({
  "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color } },
  "2": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: prefix } },
});

/** The same, with a node in between that takes its time. */
export const slowPicture = (seconds: number, color = 0, steps = 4) => ({
  "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color } },
  "2": { class_type: "LocalSleep", inputs: { image: ["1", 0], seconds, steps } },
  "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "exp/img" } },
});

/** What comes when ComfyUI does not expect it. */
export const trouble: Answer = [500, "500 Internal Server Error\n\nServer got itself in trouble"];
