import { type Graph, linkedNodes } from "./graph.ts";

/** All nodes that the outputs need, themselves included. */
export function neededNodes(graph: Graph, outputs: readonly string[]): string[] {
  const needed = new Set<string>();
  const visit = (id: string) => {
    const node = graph[id];
    if (node === undefined || needed.has(id)) return;
    needed.add(id);
    for (const before of linkedNodes(node)) visit(before);
  };
  for (const id of outputs) visit(id);
  return Object.keys(graph).filter((id) => needed.has(id));
}

/**
 * The node to run next: of those whose inputs are there an output node first, then one that an output node waits for,
 * so that results come as early as they can. Undefined when nothing is left.
 */
export function nextNode(
  graph: Graph,
  waiting: ReadonlySet<string>,
  done: { has: (id: string) => boolean },
  isOutput: (id: string) => boolean,
): string | undefined {
  const ready = [...waiting].filter((id) => {
    const node = graph[id];
    return node !== undefined && linkedNodes(node).every((before) => done.has(before));
  });
  const beforeOutput = (id: string) =>
    [...waiting].some((other) => {
      const node = graph[other];
      return isOutput(other) && node !== undefined && linkedNodes(node).includes(id);
    });
  return ready.find(isOutput) ?? ready.find(beforeOutput) ?? ready[0];
}
