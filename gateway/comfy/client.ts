import { openAsBlob } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Prompt } from "../../contract/workflow.ts";
import { messageOf } from "../log.ts";
import type { OutputFile } from "../workflow/outputs.ts";
import { type HistoryEntry, historyEntry, shortened } from "./history.ts";
import { parsePythonJson } from "./json.ts";
import { createAsk, type Reply } from "./requests.ts";

/** Where a prompt is: ended with its history, still queued or running, or nowhere to be found. */
export type Whereabouts = { kind: "ended"; entry: HistoryEntry } | { kind: "active" } | { kind: "missing" };

/** ComfyUI's HTTP API. Everything throws {@link Unreachable} when ComfyUI does not answer. */
export interface ComfyClient {
  /**
   * Queues a prompt under an id of ours: a lowercase UUID.
   * @throws {PromptRefused} when ComfyUI does not take the prompt, or only part of it
   */
  submit(prompt: Prompt, promptId: string, clientId: string): Promise<void>;
  /** The prompt's history; undefined while it has not ended, or when ComfyUI never had it. */
  history(promptId: string): Promise<HistoryEntry | undefined>;
  find(promptId: string): Promise<Whereabouts>;
  /** Stops this prompt, queued or running, and no other. */
  cancel(promptId: string): Promise<void>;
  /** Forgets ended prompts. */
  forget(promptIds: readonly string[]): Promise<void>;
  /** A file that a node saved, with the content type that ComfyUI sees in its name. */
  view(file: OutputFile, abort: AbortSignal): Promise<View | undefined>;
  /** Whether ComfyUI knows a node class. */
  hasClass(name: string): Promise<boolean>;
  /**
   * The type that a node class declares for one of its inputs, such as `STRING`; `COMBO` for one of a list. Undefined
   * when it declares no such input.
   */
  inputType(className: string, field: string): Promise<string | undefined>;
  /**
   * Copies a file of this machine into ComfyUI's input folder.
   * @returns the name that its loaders take; undefined when the file is too large for it
   */
  putInput(path: string, name: string, abort: AbortSignal): Promise<string | undefined>;
  /** Why ComfyUI is not up; undefined when it is. */
  trouble(): Promise<string | undefined>;
}

export interface View {
  bytes: AsyncIterable<Uint8Array>;
  contentType: string | undefined;
}

/** ComfyUI looked at the prompt and refused it: sending it again would not help. */
export class PromptRefused extends Error {}

/** ComfyUI answered, but not with what its API promises. */
export class BadAnswer extends Error {}

/** ComfyUI did not answer, or stopped in the middle of it. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super(`ComfyUI does not answer: ${messageOf(cause)}`, { cause });
  }
}

// ComfyUI has none of these: a proxy says so that it cannot reach it.
const proxyStatuses = [502, 503, 504];

/** @param baseUrl without a slash at its end */
export function createComfyClient(baseUrl: string): ComfyClient {
  const ask = createAsk(baseUrl);
  const send = async (path: string, { json, abort }: { json?: unknown; abort?: AbortSignal } = {}): Promise<Reply> => {
    const response = await ask(path, { json, signal: abort }).catch((cause: unknown) => {
      throw new Unreachable(cause);
    });
    if (!proxyStatuses.includes(response.status)) return response;
    response.drop();
    throw new Unreachable(`a proxy answers ${response.status} in its place`);
  };
  const post = (path: string, json: unknown): Promise<Reply> => send(path, { json });
  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const text = await textOf(path, await send(path));
    try {
      return schema.parse(parsePythonJson(text));
    } catch (cause) {
      throw new BadAnswer(`ComfyUI's answer to ${path} cannot be read`, { cause });
    }
  };

  const history = async (promptId: string): Promise<HistoryEntry | undefined> =>
    (await get(`/history/${promptId}`, historySchema))[promptId];
  const isQueued = async (promptId: string): Promise<boolean> => {
    const queue = await get("/queue", queueSchema);
    return [...queue.queue_running, ...queue.queue_pending].some((item) => item[1] === promptId);
  };
  const cancel = async (promptId: string): Promise<void> => {
    const response = await post(`/api/jobs/${promptId}/cancel`, {});
    response.drop();
    if (response.ok) return;
    // Older ones, such as 0.3.64, lack that route. With the id, interrupt leaves other prompts alone.
    await textOf("/queue", await post("/queue", { delete: [promptId] }));
    await textOf("/interrupt", await post("/interrupt", { prompt_id: promptId }));
  };

  return {
    submit: async (prompt, promptId, clientId) => {
      const response = await post("/prompt", { prompt, prompt_id: promptId, client_id: clientId });
      const text = await bodyOf(response);
      const reply = promptReply.safeParse(jsonOr(text, {})).data ?? {};
      if (!response.ok) throw new PromptRefused(refusal(reply, `ComfyUI answered ${response.status}`));
      if (Object.keys(reply.node_errors ?? {}).length === 0) return;
      // ComfyUI runs the outputs that are valid and drops the others without a word.
      await cancel(promptId);
      throw new PromptRefused(refusal(reply, "ComfyUI refused a part of the prompt"));
    },
    history,
    find: async (promptId) => {
      const entry = await history(promptId);
      if (entry !== undefined) return { kind: "ended", entry };
      if (await isQueued(promptId)) return { kind: "active" };
      // It may have ended between the two looks.
      const late = await history(promptId);
      return late === undefined ? { kind: "missing" } : { kind: "ended", entry: late };
    },
    cancel,
    forget: async (promptIds) => {
      await textOf("/history", await post("/history", { delete: promptIds }));
    },
    view: async ({ filename, subfolder, type }, abort) => {
      const query = new URLSearchParams({ filename, subfolder, type });
      const response = await send(`/view?${query.toString()}`, { abort });
      if (!response.ok) {
        response.drop();
        return undefined;
      }
      return { bytes: chunksOf(response.body), contentType: response.contentType };
    },
    hasClass: async (name) => {
      const classes = await get(`/object_info/${encodeURIComponent(name)}`, z.record(z.string(), z.unknown()));
      return name in classes;
    },
    inputType: async (className, field) => {
      const classes = await get(`/object_info/${encodeURIComponent(className)}`, z.record(z.string(), nodeInfo));
      const { required, optional } = classes[className]?.input ?? {};
      const [type] = required?.[field] ?? optional?.[field] ?? [];
      // Older ones give the list itself in place of the type.
      if (Array.isArray(type)) return "COMBO";
      return typeof type === "string" ? type : undefined;
    },
    putInput: async (path, name, abort) => {
      const form = new FormData();
      form.set("image", await openAsBlob(path), name);
      form.set("subfolder", inputSubfolder);
      // The bytes are the same: written again, they are as young as the prompt that needs them.
      form.set("overwrite", "true");
      // Forms are what fetch is good at.
      const upload = fetch(`${baseUrl}/upload/image`, { method: "POST", body: form, signal: abort });
      const response = await upload.catch((cause: unknown) => {
        throw new Unreachable(cause);
      });
      const text = await bodyOf(response);
      if (proxyStatuses.includes(response.status)) throw new Unreachable(`a proxy answers ${response.status}`);
      if (response.status === 413) return undefined;
      const stored = uploadReply.safeParse(jsonOr(text, undefined));
      if (!response.ok || !stored.success) throw new BadAnswer(`ComfyUI answered ${response.status} to /upload/image`);
      const { subfolder } = stored.data;
      // What it is called in the end, ComfyUI decides.
      return subfolder === "" ? stored.data.name : `${subfolder}/${stored.data.name}`;
    },
    trouble: async () => {
      try {
        const response = await send("/system_stats");
        response.drop();
        return response.ok ? undefined : `it answers ${response.status} to /system_stats`;
      } catch (error) {
        return `it does not answer (${messageOf(error instanceof Unreachable ? error.cause : error)})`;
      }
    },
  };
}

const inputSubfolder = "comfy-endpoints";

/**
 * Where a ComfyUI writes what nobody needs once a prompt has ended.
 * @param folder of its `output/`, `temp/` and `input/`
 */
export const comfyFolders = (folder: string): string[] =>
  [["output"], ["temp"], ["input", inputSubfolder]].map((path) => join(folder, ...path));

const inputSpecs = z.record(z.string(), z.array(z.unknown()));
const nodeInfo = z.object({ input: z.object({ required: inputSpecs.optional(), optional: inputSpecs.optional() }) });
const uploadReply = z.object({ name: z.string(), subfolder: z.string() });

const historySchema = z.record(z.string(), historyEntry);
const queueItem = z.array(z.unknown());
const queueSchema = z.object({ queue_running: z.array(queueItem), queue_pending: z.array(queueItem) });

const nodeErrors = z.record(
  z.string(),
  z.object({
    class_type: z.string().optional(),
    errors: z.array(z.object({ message: z.string(), details: z.string().optional() })).default([]),
  }),
);
const promptReply = z.object({
  error: z
    .union([
      z.string().transform((message) => ({ message, details: "" })),
      z.object({ message: z.string(), details: z.string().optional() }),
    ])
    .optional(),
  node_errors: z.union([nodeErrors, z.array(z.unknown()).transform(() => ({}))]).optional(),
});
type PromptReply = z.output<typeof promptReply>;

/** Why a prompt was refused: the nodes' own errors, for the general message says little. */
function refusal({ error, node_errors }: Partial<PromptReply>, otherwise: string): string {
  const nodes = Object.entries((node_errors ?? {}) as z.output<typeof nodeErrors>).flatMap(([id, node]) =>
    node.errors.map(({ message, details }) => `node ${id} (${node.class_type ?? "?"}): ${joined(message, details)}`),
  );
  if (nodes.length > 0) return shortened(nodes.join("; "));
  return shortened(error === undefined ? otherwise : joined(error.message, error.details));
}

async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new Unreachable(cause);
  }
}

const joined = (message: string, details: string | undefined): string =>
  details === undefined || details === "" ? message : `${message}: ${details}`;

async function textOf(path: string, response: Reply): Promise<string> {
  const text = await bodyOf(response);
  if (!response.ok) throw new BadAnswer(`ComfyUI answered ${response.status} to ${path}`);
  return text;
}

async function bodyOf(response: Pick<Reply, "text">): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw new Unreachable(cause);
  }
}

function jsonOr(text: string, otherwise: unknown): unknown {
  try {
    return parsePythonJson(text);
  } catch {
    // ComfyUI's own faults come as plain text.
    return otherwise;
  }
}
