import { UserError } from "../../contract/errors.ts";
import { parseDocument } from "../../contract/parse.ts";
import type { NodeLink } from "../../contract/workflow.ts";
import type { ObjectInfo } from "./object-info.ts";
import { type UiLink, type UiNode, type UiWorkflow, uiWorkflow } from "./ui-format.ts";
import { widgetValues } from "./widgets.ts";

/** A node in the API format, with the title that people know it by. */
interface PromptNode {
  class_type: string;
  inputs: Record<string, unknown>;
  _meta?: { title: string };
}

export interface Converted {
  prompt: Record<string, PromptNode>;
  /** The nodes of the file that the prompt holds, those of subgraphs too. */
  nodes: UiNode[];
}

/** One graph: the workflow itself, or a subgraph where it stands in another one. */
interface Graph {
  nodes: Map<string, UiNode>;
  links: Map<number, UiLink>;
  /** Before the ids of its nodes: `57:` in the subgraph that node 57 is. */
  prefix: string;
  /** The node that it is in the graph around it, and what its own inputs are called. */
  outer?: { graph: Graph; instance: UiNode; inputs: string[] };
}

/** What feeds an input: another node, or a value. */
type Source = { link: NodeLink } | { value: unknown } | undefined;

// Nodes that exist in the editor alone.
const notes = ["Note", "MarkdownNote"];
const muted = 2;
const bypassed = 4;
// How links name a subgraph's own inputs and outputs.
const graphInput = "-10";
const graphOutput = "-20";

/**
 * The workflow that the editor would send to ComfyUI: links followed through reroutes, bypassed nodes and subgraphs, and
 * widget values by name.
 * @throws {UserError} when the file is something else, or does not tell what the values of some node mean
 */
export function promptOfUi(document: unknown, info: ObjectInfo, subject: string): Converted {
  const workflow = parseDocument(uiWorkflow, document, subject);
  const converted: Converted = { prompt: {}, nodes: [] };
  const unnamed: string[] = [];
  for (const { graph, node } of executed(workflow, graphOf(workflow, ""))) {
    const values = widgetValues(node, info);
    if (values === undefined) unnamed.push(`${node.type} (node ${graph.prefix}${node.id})`);
    const inputs = Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, wrapped(value)]));
    for (const { name, link } of node.inputs) {
      const source = link === undefined || link === null ? undefined : sourceOf(workflow, graph, link);
      if (source !== undefined) inputs[name] = "link" in source ? source.link : wrapped(source.value);
    }
    const title = node.title ?? "";
    converted.nodes.push(node);
    converted.prompt[graph.prefix + String(node.id)] = {
      class_type: node.type,
      inputs,
      ...(title !== "" && { _meta: { title } }),
    };
  }
  if (unnamed.length > 0) {
    throw new UserError(
      `${subject} holds values of ${unnamed.join(", ")}, but not what they are called; save it with "Export (API)", or name a ComfyUI that has these nodes: --comfy-url http://127.0.0.1:8188`,
    );
  }
  return converted;
}

function graphOf({ nodes, links }: Pick<UiWorkflow, "nodes" | "links">, prefix: string, outer?: Graph["outer"]): Graph {
  return {
    nodes: new Map(nodes.map((node) => [String(node.id), node])),
    links: new Map(links.map((link) => [link.id, link])),
    prefix,
    ...(outer !== undefined && { outer }),
  };
}

/** The nodes that ComfyUI is sent, with the graph that each is in. */
function executed(workflow: UiWorkflow, graph: Graph): { graph: Graph; node: UiNode }[] {
  return [...graph.nodes.values()].flatMap((node) => {
    if (node.mode === muted || node.mode === bypassed || notes.includes(node.type) || isVirtual(node)) return [];
    const inner = innerOf(workflow, graph, node);
    return inner === undefined ? [{ graph, node }] : executed(workflow, inner);
  });
}

const isVirtual = ({ type }: UiNode): boolean => ["Reroute", "PrimitiveNode", "SetNode", "GetNode"].includes(type);

/** The graph that a node stands for; undefined when it is a node like others. */
function innerOf(workflow: UiWorkflow, graph: Graph, node: UiNode): Graph | undefined {
  const definition = workflow.definitions.subgraphs.find(({ id }) => id === node.type);
  // A subgraph cannot hold itself; a file that says so is not followed.
  if (definition === undefined || isInside(graph, node.type)) return undefined;
  const inputs = definition.inputs.map(({ name }) => name);
  return graphOf(definition, `${graph.prefix}${String(node.id)}:`, { graph, instance: node, inputs });
}

const isInside = ({ outer }: Graph, type: string): boolean =>
  outer !== undefined && (outer.instance.type === type || isInside(outer.graph, type));

/** What a link brings: it is followed to a node that ComfyUI knows. */
function sourceOf(workflow: UiWorkflow, graph: Graph, linkId: number): Source {
  const link = graph.links.get(linkId);
  if (link === undefined) return undefined;
  const { origin, originSlot } = link;
  if (String(origin) === graphInput) return outsideOf(workflow, graph, originSlot);
  const node = graph.nodes.get(String(origin));
  return node === undefined || node.mode === muted ? undefined : outputOf(workflow, graph, node, originSlot);
}

/** What a subgraph's own input brings: a link of the node that it is, else the value of that node's widget. */
function outsideOf(workflow: UiWorkflow, { outer }: Graph, slot: number): Source {
  if (outer === undefined) return undefined;
  const { graph, instance, inputs } = outer;
  const name = inputs[slot];
  const link = instance.inputs.find((input) => input.name === name)?.link;
  if (link !== undefined && link !== null) return sourceOf(workflow, graph, link);
  const { properties, widgets_values: values } = instance;
  const at = properties.proxyWidgets?.findIndex(([of, widget]) => of === "-1" && widget === name) ?? -1;
  const value: unknown = Array.isArray(values) ? values[at] : undefined;
  return value === undefined || value === null ? undefined : { value };
}

function outputOf(workflow: UiWorkflow, graph: Graph, node: UiNode, slot: number): Source {
  const through = (linkId: number | null | undefined): Source =>
    linkId === undefined || linkId === null ? undefined : sourceOf(workflow, graph, linkId);
  if (node.mode === bypassed) return through(passedBy(node, slot)?.link);
  if (node.type === "Reroute" || node.type === "SetNode") return through(node.inputs[0]?.link);
  // Of a widely used pack: a link by name.
  if (node.type === "GetNode") return through(setterOf(graph, node)?.inputs[0]?.link);
  if (node.type === "PrimitiveNode") {
    const value = firstOf(node.widgets_values);
    return value === undefined ? undefined : { value };
  }
  const inner = innerOf(workflow, graph, node);
  if (inner === undefined) return { link: [graph.prefix + String(node.id), slot] };
  const last = [...inner.links.values()].find((one) => String(one.target) === graphOutput && one.targetSlot === slot);
  return last && sourceOf(workflow, inner, last.id);
}

const setterOf = (graph: Graph, { widgets_values: name }: UiNode): UiNode | undefined =>
  [...graph.nodes.values()].find(
    ({ type, widgets_values: own }) =>
      type === "SetNode" && firstOf(own) !== undefined && firstOf(own) === firstOf(name),
  );

const firstOf = (values: UiNode["widgets_values"]): unknown => (Array.isArray(values) ? values[0] : undefined);

/** Which input a bypassed node passes on: that in the place of the output when their types agree, else the first such one. */
function passedBy({ inputs, outputs }: UiNode, slot: number): UiNode["inputs"][number] | undefined {
  const type = outputs[slot]?.type;
  return inputs[slot]?.type === type ? inputs[slot] : inputs.find((input) => input.type === type);
}

/** A list would be read as a link. */
const wrapped = (value: unknown): unknown => (Array.isArray(value) ? { __value__: value } : value);
