/** A prompt in API format: node id to node. */
export type Graph = Record<string, GraphNode>;

export interface GraphNode {
  /** Undefined in a broken workflow, which validation finds. */
  class_type: string | undefined;
  _meta?: unknown;
  inputs: Record<string, unknown>;
}

/** `["12", 0]`: output 0 of node 12. */
export type Link = [nodeId: string, slot: number];

/** ComfyUI takes every list for a link; only a well-formed one leads somewhere. */
export const isLink = (value: unknown): value is Link =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && typeof value[1] === "number";

/** Nodes whose outputs the node reads. */
export const linkedNodes = (node: GraphNode): string[] =>
  Object.values(node.inputs).flatMap((value) => (isLink(value) ? value[0] : []));
