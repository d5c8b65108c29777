import type { Folders } from "../folders.ts";
import { type NodeClass, NodeError, type NodeResult } from "../nodes/node.ts";
import { pythonRepr } from "./convert.ts";
import { type Graph, type GraphNode, isLink } from "./graph.ts";
import { neededNodes, nextNode } from "./order.ts";
import { createSignatures } from "./signature.ts";

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

export interface Outcome {
  outputs: Record<string, Record<string, unknown[]>>;
  status: { status_str: "success" | "error"; completed: boolean; messages: Message[] };
  meta: Record<string, object>;
}

export interface ExecutorOptions {
  classes: ReadonlyMap<string, NodeClass>;
  folders: Folders;
  /** Sends an event to the prompt's client; `broadcast` to everybody. */
  send: (event: string, data: Record<string, unknown>, prompt: QueuedPrompt, broadcast?: boolean) => void;
}

export interface Executor {
  /** Runs a prompt to its end; what goes wrong is in the outcome. */
  run(prompt: QueuedPrompt, interrupted: AbortSignal): Promise<Outcome>;
  /** How often each class was run, not counting what came from the cache. */
  executions(): Record<string, number>;
  forgetCache(): void;
}

// More than any workflow of ours has nodes; a card of 2048 by 2048 takes 16 MiB.
const mostCached = 32;

export function createExecutor({ classes, folders, send }: ExecutorOptions): Executor {
  const cache = new Map<string, NodeResult>();
  const executions: Record<string, number> = {};

  async function run(prompt: QueuedPrompt, interrupted: AbortSignal): Promise<Outcome> {
    const { graph, id: prompt_id } = prompt;
    const messages: Message[] = [];
    const say = (event: string, data: Record<string, unknown>, broadcast = false) => {
      const full = { ...data, prompt_id, timestamp: Date.now() };
      messages.push([event, full]);
      send(event, full, prompt, broadcast);
    };
    const signature = createSignatures(graph, classes, folders);
    const needed = neededNodes(graph, prompt.outputs);
    const cached = needed.filter((id) => cache.has(signature(id)));
    const results = new Map(cached.map((id) => [id, cache.get(signature(id)) ?? {}]));
    const isOutput = (id: string) => prompt.outputs.includes(id);
    // What is cached is not looked at again, but for output nodes, which show what they showed before.
    const waiting = new Set(needed.filter((id) => !results.has(id) || isOutput(id)));
    const progress = createProgress(prompt_id, (state) => send("progress_state", state, prompt, !prompt.clientId));
    const executed: string[] = [];
    const outcome: Outcome = {
      outputs: {},
      status: { status_str: "success", completed: true, messages },
      meta: {},
    };
    const show = (id: string, { ui }: NodeResult) => {
      if (ui === undefined) return;
      outcome.outputs[id] = ui;
      outcome.meta[id] = { node_id: id, display_node: id, parent_node: null, real_node_id: id };
      send("executed", { node: id, display_node: id, output: ui, prompt_id }, prompt);
    };

    say("execution_start", {});
    say("execution_cached", { nodes: cached });
    for (let id = nextNode(graph, waiting, new Set(results.keys()), isOutput); id !== undefined; ) {
      waiting.delete(id);
      const known = results.get(id);
      if (known !== undefined) {
        show(id, known);
        progress.finish(id);
      } else {
        const node = graph[id];
        const nodeClass = classes.get(node?.class_type ?? "");
        if (node === undefined || nodeClass === undefined) throw new Error(`node ${id} was not checked`);
        const at = id;
        progress.start(at);
        send("executing", { node: at, display_node: at, prompt_id }, prompt);
        try {
          interrupted.throwIfAborted();
          executions[nodeClass.name] = (executions[nodeClass.name] ?? 0) + 1;
          const result = await nodeClass.run(inputsOf(node, results), {
            folders,
            interrupted,
            progress: (value, max) => {
              progress.report(at, value, max);
              send("progress", { value, max, prompt_id, node: at }, prompt);
            },
          });
          results.set(at, result);
          remember(cache, signature(at), result);
          show(at, result);
          progress.finish(at);
          executed.push(at);
        } catch (error) {
          outcome.status = { status_str: "error", completed: false, messages };
          if (interrupted.aborted) {
            say("execution_interrupted", { node_id: at, node_type: nodeClass.name, executed }, true);
          } else {
            say("execution_error", failure(at, nodeClass, executed, inputsOf(node, results), graph, error));
          }
          return outcome;
        }
      }
      id = nextNode(graph, waiting, new Set(results.keys()), isOutput);
    }
    say("execution_success", {});
    return outcome;
  }

  return {
    run,
    executions: () => ({ ...executions }),
    forgetCache: () => cache.clear(),
  };
}

/** Literals as they are, links as what their nodes gave. */
function inputsOf(node: GraphNode, results: ReadonlyMap<string, NodeResult>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(node.inputs).map(([name, value]) => [
      name,
      isLink(value) ? results.get(value[0])?.outputs?.[value[1]] : value,
    ]),
  );
}

function remember(cache: Map<string, NodeResult>, signature: string, result: NodeResult): void {
  cache.set(signature, result);
  const [oldest] = cache.keys();
  if (cache.size > mostCached && oldest !== undefined) cache.delete(oldest);
}

function failure(
  id: string,
  nodeClass: NodeClass,
  executed: string[],
  inputs: Record<string, unknown>,
  graph: Graph,
  error: unknown,
): Record<string, unknown> {
  const message = error instanceof Error ? error.message : String(error);
  return {
    node_id: id,
    node_type: nodeClass.name,
    executed,
    exception_message: message.endsWith("\n") ? message : `${message}\n`,
    exception_type: error instanceof NodeError ? error.exceptionType : "RuntimeError",
    traceback: ['  File "/opt/comfy/execution.py", line 524, in execute\n'],
    current_inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, [shown(value)]])),
    current_outputs: Object.keys(graph),
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
  const nodes: Record<string, object> = {};
  const current = new Map<string, NodeProgress>();
  const set = (id: string, progress: NodeProgress) => {
    current.set(id, progress);
    nodes[id] = {
      ...progress,
      node_id: id,
      prompt_id,
      display_node_id: id,
      parent_node_id: null,
      real_node_id: id,
    };
    send({ prompt_id, nodes: { ...nodes } });
  };
  return {
    start: (id: string) => set(id, { value: 0, max: 1, state: "running" }),
    report: (id: string, value: number, max: number) => set(id, { value, max, state: "running" }),
    finish: (id: string) => {
      const max = current.get(id)?.max ?? 1;
      set(id, { value: max, max, state: "finished" });
    },
  };
}
