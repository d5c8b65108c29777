import type { Folders } from "../folders.ts";
import type { InputSpec, NodeClass } from "../nodes/node.ts";
import { convert, pythonRepr } from "./convert.ts";
import { type Graph, type GraphNode, isLink } from "./graph.ts";

export interface InputProblem {
  type: string;
  message: string;
  details: string;
  extra_info: Record<string, unknown>;
}

export interface PromptProblem {
  type: string;
  message: string;
  details: string;
  extra_info: Record<string, unknown>;
}

export type NodeErrors = Record<string, { errors: InputProblem[]; dependent_outputs: string[]; class_type: string }>;

export type Validation =
  | { ok: true; outputs: string[]; nodeErrors: NodeErrors }
  | { ok: false; error: PromptProblem; nodeErrors: NodeErrors };

/** What the checks need to know besides the prompt. */
export interface Knowledge {
  classes: ReadonlyMap<string, NodeClass>;
  folders: Folders;
}

/**
 * Checks a prompt as ComfyUI 0.33 does: every output node with all that leads to it. One good output is enough; the bad
 * ones are then left out. Literals are converted in place ("64" becomes 64), as history shows them later.
 * @param targets ids of the output nodes to run; all when undefined
 */
export function validatePrompt(graph: Graph, targets: readonly string[] | undefined, knowledge: Knowledge): Validation {
  const missing = missingClass(graph, knowledge.classes);
  if (missing !== undefined) return { ok: false, error: missing, nodeErrors: {} };
  const outputs = Object.keys(graph).filter(
    (id) => knowledge.classes.get(graph[id]?.class_type ?? "")?.outputNode === true && (targets?.includes(id) ?? true),
  );
  if (outputs.length === 0) {
    const error = { type: "prompt_no_outputs", message: "Prompt has no outputs", details: "", extra_info: {} };
    return { ok: false, error, nodeErrors: {} };
  }

  const checked = new Map<string, Checked>();
  const good = outputs.filter((id) => check(id, graph, knowledge, checked, []).valid);
  const nodeErrors = collectErrors(outputs, graph, checked);
  if (good.length > 0) return { ok: true, outputs: good, nodeErrors };
  const details = outputs
    .flatMap((id) => checked.get(id)?.problems ?? [])
    .map((problem) => `${problem.message}: ${problem.details}`)
    .join("\n");
  const error = {
    type: "prompt_outputs_failed_validation",
    message: "Prompt outputs failed validation",
    details,
    extra_info: {},
  };
  return { ok: false, error, nodeErrors };
}

interface Checked {
  /** Whether the node and all before it are good. */
  valid: boolean;
  problems: InputProblem[];
  /** Nodes before it. */
  before: string[];
}

function missingClass(graph: Graph, classes: ReadonlyMap<string, NodeClass>): PromptProblem | undefined {
  for (const [id, node] of Object.entries(graph)) {
    const { class_type } = node;
    if (class_type !== undefined && classes.has(class_type)) continue;
    const title = titleOf(node);
    return {
      type: "missing_node_type",
      message:
        class_type === undefined
          ? `Node '${title ?? `ID #${id}`}' has no class_type. The workflow may be corrupted or a custom node is missing.`
          : `Node '${title ?? class_type}' not found. The custom node may not be installed.`,
      details: `Node ID '#${id}'`,
      extra_info: { node_id: id, class_type: class_type ?? null, node_title: title ?? null },
    };
  }
  return undefined;
}

function titleOf({ _meta }: GraphNode): string | undefined {
  const title = typeof _meta === "object" && _meta !== null && "title" in _meta ? _meta.title : undefined;
  return typeof title === "string" ? title : undefined;
}

/** Checks a node and, through its links, all before it; each once. */
function check(
  id: string,
  graph: Graph,
  knowledge: Knowledge,
  checked: Map<string, Checked>,
  path: readonly string[],
): Checked {
  const known = checked.get(id);
  if (known !== undefined) return known;
  const node = graph[id];
  const nodeClass = knowledge.classes.get(node?.class_type ?? "");
  if (node === undefined || nodeClass === undefined) throw new Error(`node ${id} was checked before its class was`);
  const result: Checked = { valid: true, problems: [], before: [] };

  const specs = { ...nodeClass.inputs.required, ...nodeClass.inputs.optional };
  const ownProblems = nodeClass.validate?.(node.inputs, knowledge.folders);
  for (const [name, spec] of Object.entries(specs)) {
    const value = node.inputs[name];
    if (value === undefined) {
      if (name in nodeClass.inputs.required) {
        result.problems.push(
          problem("required_input_missing", "Required input is missing", name, { input_name: name }),
        );
      }
    } else if (Array.isArray(value)) {
      checkLink(name, spec, value, result);
    } else if (nodeClass.validate === undefined) {
      checkLiteral(name, spec, node, result.problems);
    }
  }
  for (const [name, reason] of Object.entries(ownProblems ?? {})) {
    result.problems.push(
      problem("custom_validation_failed", "Custom validation failed for node", `${name} - ${reason}`, {
        input_name: name,
      }),
    );
  }
  // A cycle that was found further on is told at this node as well.
  result.problems.push(...(checked.get(id)?.problems ?? []));
  result.valid &&= result.problems.length === 0;
  checked.set(id, result);
  return result;

  function checkLink(name: string, [type]: InputSpec, value: unknown[], into: Checked): void {
    const info = { input_name: name, input_config: configOf(specs[name]) };
    if (!isLink(value)) {
      into.problems.push(
        problem("bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", name, {
          ...info,
          received_value: value,
        }),
      );
      return;
    }
    const [from, slot] = value;
    const source = knowledge.classes.get(graph[from]?.class_type ?? "");
    const received = source?.outputs[slot];
    if (source === undefined || received === undefined) {
      into.problems.push(
        source === undefined
          ? duringValidation("KeyError", `'${from}'`)
          : duringValidation("IndexError", "tuple index out of range"),
      );
      return;
    }
    if (!fits(received, type)) {
      into.problems.push(
        problem(
          "return_type_mismatch",
          "Return type mismatch between linked nodes",
          `${name}, received_type(${received}) mismatch input_type(${String(type)})`,
          { ...info, received_type: received, linked_node: value },
        ),
      );
      return;
    }
    into.before.push(from);
    if ([...path, id].includes(from)) {
      reportCycle(from);
      into.valid = false;
      return;
    }
    if (!check(from, graph, knowledge, checked, [...path, id]).valid) into.valid = false;
  }

  function reportCycle(from: string): void {
    const way = [...path, id];
    const cycle = way.slice(way.indexOf(from));
    const text = [...cycle, from].map((one) => `${one} (${graph[one]?.class_type ?? ""})`).join(" -> ");
    for (const one of cycle) {
      const found = problem("dependency_cycle", "Dependency cycle detected", text, {
        node_id: one,
        cycle_nodes: cycle,
      });
      if (one === id) result.problems.push(found);
      else checked.set(one, { valid: false, problems: [found], before: cycle });
    }
  }
}

function checkLiteral(name: string, spec: InputSpec, node: GraphNode, problems: InputProblem[]): void {
  const [type, options = {}] = spec;
  const received = node.inputs[name];
  const info = { input_name: name, input_config: configOf(spec), received_value: received };
  if (typeof type !== "string") {
    if (type.includes(String(received))) return;
    const details = `${name}: ${pythonRepr(received)} not in ${pythonRepr(type)}`;
    problems.push(problem("value_not_in_list", "Value not in list", details, info));
    return;
  }
  const converted = convert(received, type);
  if ("problem" in converted) {
    problems.push(
      problem(
        "invalid_input_type",
        `Failed to convert an input value to a ${type} value`,
        `${name}, ${String(received)}, ${converted.problem}`,
        { ...info, exception_message: converted.problem },
      ),
    );
    return;
  }
  node.inputs[name] = converted.value;
  const { min, max } = options;
  if (typeof converted.value !== "number") return;
  const value = converted.value;
  const range = { ...info, received_value: value };
  if (typeof min === "number" && value < min) {
    problems.push(problem("value_smaller_than_min", `Value ${value} smaller than min of ${min}`, name, range));
  } else if (typeof max === "number" && value > max) {
    problems.push(problem("value_bigger_than_max", `Value ${value} bigger than max of ${max}`, name, range));
  }
}

const fits = (received: string, wanted: InputSpec[0]): boolean =>
  received === "*" || wanted === "*" || received === wanted || typeof wanted !== "string";

/** `["IMAGE"]`, `["INT", {…}]`: as /object_info has it. */
const configOf = (spec: InputSpec | undefined): unknown => spec ?? null;

function problem(type: string, message: string, details: string, extra_info: Record<string, unknown>): InputProblem {
  return { type, message, details, extra_info };
}

function duringValidation(exceptionType: string, details: string): InputProblem {
  return problem("exception_during_validation", "Exception when validating node", details, {
    exception_type: exceptionType,
    traceback: ['  File "/opt/comfy/execution.py", line 1010, in validate_prompt\n'],
  });
}

function collectErrors(outputs: readonly string[], graph: Graph, checked: ReadonlyMap<string, Checked>): NodeErrors {
  const errors: NodeErrors = {};
  for (const [id, { problems }] of checked) {
    if (problems.length === 0) continue;
    errors[id] = {
      errors: problems,
      dependent_outputs: outputs.filter((output) => leadsTo(id, output, checked, new Set())),
      class_type: graph[id]?.class_type ?? "",
    };
  }
  return errors;
}

function leadsTo(id: string, output: string, checked: ReadonlyMap<string, Checked>, seen: Set<string>): boolean {
  if (id === output) return true;
  if (seen.has(output)) return false;
  seen.add(output);
  return checked.get(output)?.before.some((before) => leadsTo(id, before, checked, seen)) ?? false;
}
