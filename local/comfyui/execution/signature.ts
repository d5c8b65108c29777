import { createHash } from "node:crypto";
import type { Folders } from "../folders.ts";
import type { NodeClass } from "../nodes/node.ts";
import { type Graph, isLink } from "./graph.ts";

/** Equal for two nodes when they, and all before them, are equal: what ComfyUI's cache goes by. */
export function createSignatures(graph: Graph, classes: ReadonlyMap<string, NodeClass>, folders: Folders) {
  const known = new Map<string, string>();
  const signature = (id: string): string => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const node = graph[id];
    const inputs = Object.entries(node?.inputs ?? {})
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => [name, isLink(value) ? { from: signature(value[0]), slot: value[1] } : value]);
    const fingerprint = classes.get(node?.class_type ?? "")?.fingerprint?.(node?.inputs ?? {}, folders);
    const text = JSON.stringify([node?.class_type, inputs, fingerprint]);
    const made = createHash("sha256").update(text).digest("hex");
    known.set(id, made);
    return made;
  };
  return signature;
}
