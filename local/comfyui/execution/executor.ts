import type { Folders } from "../folders.ts";
import type { NodeClass, NodeResult, RunContext } from "../nodes/node.ts";
import { toPng } from "../nodes/picture.ts";
import { type GraphNode, isLink } from "./graph.ts";
import { neededNodes, nextNode } from "./order.ts";
import { type Audience, createReport, type Outcome, type QueuedPrompt } from "./report.ts";
import { createSignatures } from "./signature.ts";

export interface ExecutorOptions {
  classes: ReadonlyMap<string, NodeClass>;
  folders: Folders;
  audience: Audience;
  /** Whether nodes that sample show previews. */
  showsPreviews: boolean;
  /** Ends ComfyUI. */
  die: () => void;
}

export interface Executor {
  /** Runs a prompt to its end; what goes wrong is in the outcome. */
  run: (prompt: QueuedPrompt, interrupted: AbortSignal) => Promise<Outcome>;
  /** How often each class was run, not counting what came from the cache. */
  executions: () => Record<string, number>;
  forgetCache: () => void;
}

// More than a workflow of ours has nodes; a card of 2048 by 2048 takes 16 MiB.
const mostCached = 32;

export function createExecutor({ classes, folders, audience, showsPreviews, die }: ExecutorOptions): Executor {
  const cache = new Map<string, NodeResult>();
  const executions: Record<string, number> = {};

  async function run(prompt: QueuedPrompt, interrupted: AbortSignal): Promise<Outcome> {
    const { graph } = prompt;
    const report = createReport(prompt, audience);
    const signature = createSignatures(graph, classes, folders);
    const isOutput = (id: string) => prompt.outputs.includes(id);
    const needed = neededNodes(graph, prompt.outputs);
    const results = new Map<string, NodeResult>();
    for (const id of needed) {
      const cached = cache.get(signature(id));
      if (cached !== undefined) results.set(id, cached);
    }
    // What is cached is not looked at again, but for output nodes, which show what they showed before.
    const waiting = new Set(needed.filter((id) => !results.has(id) || isOutput(id)));
    const next = () => nextNode(graph, waiting, results, isOutput);

    report.started([...results.keys()]);
    for (let id = next(); id !== undefined; id = next()) {
      waiting.delete(id);
      const at = id;
      const known = results.get(at);
      if (known !== undefined) {
        report.nodeFinished(at, known);
        continue;
      }
      const node = graph[at];
      const nodeClass = classes.get(node?.class_type ?? "");
      if (node === undefined || nodeClass === undefined) throw new Error(`node ${at} was not validated`);
      const inputs = inputsOf(node, results);
      report.nodeStarted(at);
      try {
        interrupted.throwIfAborted();
        executions[nodeClass.name] = (executions[nodeClass.name] ?? 0) + 1;
        const progress: RunContext["progress"] = (value, max, preview) =>
          report.nodeProgressed(at, value, max, preview && toPng(preview));
        const result = await nodeClass.run(inputs, { folders, interrupted, progress, showsPreviews, die });
        results.set(at, result);
        remember(cache, signature(at), result);
        report.nodeFinished(at, result);
      } catch (error) {
        return interrupted.aborted ? report.interrupted(at) : report.failed(at, inputs, error);
      }
    }
    return report.succeeded();
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
