import { NodeError, type NodeResult } from "../nodes/node.ts";
import { plainPreview, previewWithMetadata } from "../previews.ts";
import { pythonRepr } from "./convert.ts";
import type { Graph } from "./graph.ts";

/** One prompt in the queue. */
export interface QueuedPrompt {
  number: number;
  id: string;
  graph: Graph;
  extraData: Record<string, unknown>;
  clientId: string | undefined;
  /** Ids of the output nodes that are run. */
  outputs: string[];
}

export type Message = [event: string, data: Record<string, unknown>];

/** What history keeps of a prompt that ended. */
export interface Outcome {
  outputs: Record<string, Record<string, unknown[]>>;
  status: { status_str: "success" | "error"; completed: boolean; messages: Message[] };
  meta: Record<string, object>;
}

/** Those who are told what happens to a prompt: its client, or nobody when it has none. */
export interface Audience {
  /** @param broadcast to everybody */
  send: (event: string, data: Record<string, unknown>, prompt: QueuedPrompt, broadcast?: boolean) => void;
  sendBinary: (message: Buffer, prompt: QueuedPrompt) => void;
  /** Whether the client takes previews with metadata. */
  takesMetadata: (prompt: QueuedPrompt) => boolean;
}

/** Tells what happens to a prompt, in ComfyUI's order and words, and keeps what history shows of it. */
export interface Report {
  started(cached: readonly string[]): void;
  nodeStarted(id: string): void;
  /** @param preview a PNG */
  nodeProgressed(id: string, value: number, max: number, preview?: Buffer): void;
  /** A node ended well, now or, for an output node from the cache, in an earlier prompt. */
  nodeFinished(id: string, result: NodeResult): void;
  succeeded(): Outcome;
  interrupted(id: string): Outcome;
  failed(id: string, inputs: Record<string, unknown>, error: unknown): Outcome;
}

export function createReport(prompt: QueuedPrompt, { send, sendBinary, takesMetadata }: Audience): Report {
  const prompt_id = prompt.id;
  const messages: Message[] = [];
  const outputs: Outcome["outputs"] = {};
  const meta: Outcome["meta"] = {};
  const executed: string[] = [];
  const progress = createProgress(prompt_id, (state) => {
    // The one event of a prompt that everybody gets when the prompt names no client.
    send("progress_state", state, prompt, prompt.clientId === undefined);
  });

  const say = (event: string, data: Record<string, unknown>, broadcast = false) => {
    const full = { ...data, prompt_id, timestamp: Date.now() };
    messages.push([event, full]);
    send(event, full, prompt, broadcast);
  };
  const outcome = (status_str: "success" | "error"): Outcome => ({
    outputs,
    status: { status_str, completed: status_str === "success", messages },
    meta,
  });
  const typeOf = (id: string) => prompt.graph[id]?.class_type;

  return {
    started: (cached) => {
      say("execution_start", {});
      say("execution_cached", { nodes: cached });
    },
    nodeStarted: (id) => {
      progress.set(id, { value: 0, max: 1, state: "running" });
      executed.push(id);
      send("executing", { node: id, display_node: id, prompt_id }, prompt);
    },
    nodeProgressed: (id, value, max, preview) => {
      progress.set(id, { value, max, state: "running" });
      const withMetadata = takesMetadata(prompt);
      if (preview !== undefined && withMetadata) sendBinary(previewWithMetadata(preview, id, prompt_id), prompt);
      send("progress", { value, max, prompt_id, node: id }, prompt);
      if (preview !== undefined && !withMetadata) sendBinary(plainPreview(preview), prompt);
    },
    nodeFinished: (id, { ui }) => {
      if (ui !== undefined) {
        outputs[id] = ui;
        meta[id] = { node_id: id, display_node: id, parent_node: null, real_node_id: id };
        send("executed", { node: id, display_node: id, output: ui, prompt_id }, prompt);
      }
      progress.finish(id);
    },
    succeeded: () => {
      say("execution_success", {});
      return outcome("success");
    },
    interrupted: (id) => {
      const before = executed.filter((one) => one !== id);
      say("execution_interrupted", { node_id: id, node_type: typeOf(id), executed: before }, true);
      return outcome("error");
    },
    failed: (id, inputs, error) => {
      const message = error instanceof Error ? error.message : String(error);
      say("execution_error", {
        node_id: id,
        node_type: typeOf(id),
        executed: executed.filter((one) => one !== id),
        exception_message: message.endsWith("\n") ? message : `${message}\n`,
        exception_type: error instanceof NodeError ? error.exceptionType : "RuntimeError",
        traceback: ['  File "/opt/comfy/execution.py", line 524, in execute\n'],
        current_inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, [shown(value)]])),
        current_outputs: Object.keys(prompt.graph),
      });
      return outcome("error");
    },
  };
}

const shown = (value: unknown): string =>
  Array.isArray(value) ? "tensor([[[[...]]]])" : typeof value === "string" ? value : pythonRepr(value);

interface NodeProgress {
  value: number;
  max: number;
  state: "running" | "finished";
}

/** The states of a prompt's nodes so far, sent whole with every change. */
function createProgress(prompt_id: string, send: (state: Record<string, unknown>) => void) {
  const states = new Map<string, NodeProgress>();
  const set = (id: string, progress: NodeProgress) => {
    states.set(id, progress);
    const nodes = Object.fromEntries(
      [...states].map(([node_id, state]) => [
        node_id,
        { ...state, node_id, prompt_id, display_node_id: node_id, parent_node_id: null, real_node_id: node_id },
      ]),
    );
    send({ prompt_id, nodes });
  };
  return {
    set,
    finish: (id: string) => {
      const max = states.get(id)?.max ?? 1;
      set(id, { value: max, max, state: "finished" });
    },
  };
}
