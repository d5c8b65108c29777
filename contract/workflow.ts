import { UserError } from "./errors.ts";
import { valueText } from "./parse.ts";

/** A link to another node's output: `[node id, output slot]`. */
export type NodeLink = readonly [string, number];

export interface PromptNode {
  class_type: string;
  inputs: Record<string, unknown>;
}

/** A workflow in ComfyUI's API format: node id to node. */
export type Prompt = Record<string, PromptNode>;

/**
 * Reads a workflow in API format: bare, or wrapped as `{"prompt": {...}}`.
 * @throws {UserError} for the UI format (which lacks what the API needs) and for anything else
 */
export function parseWorkflow(document: unknown, subject: string): Prompt {
  if (!isRecord(document)) throw new UserError(`${subject} is ${valueText(document)}; it must hold a JSON object`);
  if (Array.isArray(document["nodes"])) {
    throw new UserError(`${subject} is in ComfyUI's UI format; save it with "Export (API)" and use that file`);
  }
  const graph = isRecord(document["prompt"]) ? document["prompt"] : document;
  const nodes = Object.entries(graph);
  if (nodes.length === 0) throw new UserError(`${subject} holds no nodes; save the workflow with "Export (API)"`);
  return Object.fromEntries(nodes.map(([id, node]) => [id, parseNode(id, node, subject)]));
}

function parseNode(id: string, node: unknown, subject: string): PromptNode {
  if (!isRecord(node) || typeof node["class_type"] !== "string" || !isRecord(node["inputs"])) {
    throw new UserError(
      `${subject}: node "${id}" is ${valueText(node)}; a node is an object with "class_type" and "inputs"`,
    );
  }
  // What else a node holds (`_meta` with its title) is of no use to execution.
  return { class_type: node["class_type"], inputs: node["inputs"] };
}

/** Class names are compared as the original did: trimmed, whatever their case. */
export const isClass = (node: PromptNode, name: "ApiInput" | "ApiOutput"): boolean =>
  node.class_type.trim().toLowerCase() === name.toLowerCase();

export const isLink = (value: unknown): value is NodeLink =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && typeof value[1] === "number";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
