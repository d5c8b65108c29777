import { isMediaType } from "../../contract/value-types.ts";
import type { ContractOutput, WorkflowContract } from "../../contract/workflow-contract.ts";

/** A file that a node saved, as ComfyUI's history names it. */
export interface OutputFile {
  filename: string;
  subfolder: string;
  type: string;
}

/** What a node handed to history: lists under keys of its choice. */
export type NodeOutput = Record<string, unknown>;

/** One declared output as found in history: files that are still in ComfyUI, or values of the declared type. */
export type Found = { output: ContractOutput } & ({ files: OutputFile[] } | { values: unknown[] });

/** Media types of the workflow's outputs that others know, too: not `file/…`. */
export const outputTypes = ({ outputs }: WorkflowContract): string[] =>
  outputs.map(({ type }) => type).filter((type) => isMediaType(type) && !type.startsWith("file/"));

/** The outputs do not fit the contract; the message is the job's error. */
export class OutputProblem extends Error {}

/**
 * Finds the declared outputs in a prompt's history, by shape and not by key: nodes choose their keys freely. Of an output
 * that is not `multiple` only the first is kept.
 * @throws {OutputProblem} naming every output that is missing, or one whose value has the wrong type
 */
export function findOutputs(declared: readonly ContractOutput[], outputs: Record<string, NodeOutput>): Found[] {
  const found = declared.map((output): Found => {
    const node = outputs[output.node_id];
    if (isMediaType(output.type)) return { output, files: outputFiles(output, node) };
    return { output, values: kept(output, outputItems(node ?? {}).filter(canBe(output.type))) };
  });
  const missing = found.filter((each) => ("files" in each ? each.files : each.values).length === 0);
  if (missing.length > 0) {
    const names = missing.map(({ output }) => output.name).sort();
    throw new OutputProblem(`MISSING_ARTIFACTS:${names.join(",")}`);
  }
  return found.map((each) =>
    "files" in each ? each : { output: each.output, values: each.values.map((value) => coerce(value, each.output)) },
  );
}

/** The files that a node saved for a declared output. */
export const outputFiles = (output: ContractOutput, node: NodeOutput = {}): OutputFile[] =>
  isMediaType(output.type) ? kept(output, outputItems(node).filter(isOutputFile)) : [];

const kept = <T>(output: ContractOutput, items: T[]): T[] => (output.multiple === true ? items : items.slice(0, 1));

/** Everything under `value` first: ApiOutput's key. */
function outputItems(node: NodeOutput): unknown[] {
  const { value, ...others } = node;
  return [value ?? [], ...Object.values(others)].flatMap((list) => (Array.isArray(list) ? list : [list]) as unknown[]);
}

function isOutputFile(item: unknown): item is OutputFile {
  const { filename, subfolder, type } = (item ?? {}) as Partial<Record<keyof OutputFile, unknown>>;
  return typeof filename === "string" && typeof subfolder === "string" && typeof type === "string";
}

/** Whether an item may stand for a value of a scalar type; what it is exactly, `coerce` finds out. */
const canBe =
  (type: string) =>
  (item: unknown): boolean => {
    if (typeof item !== "object") return true;
    if (type === "string") return item !== null && !isOutputFile(item);
    return item !== null && (type === "object" || type === "array");
  };

/**
 * A value as the contract declares it, by the original's rules. Text stays text: "123" as a string is not the number.
 * @throws {OutputProblem}
 */
function coerce(value: unknown, { name, type }: ContractOutput): unknown {
  const problem = (reason: string): OutputProblem => new OutputProblem(`OUTPUT_TYPE_ERROR:${reason}:${name}`);
  switch (type) {
    case "string":
      return typeof value === "string" ? value : JSON.stringify(value);
    case "integer":
    case "number": {
      if (typeof value === "boolean") throw problem(`cannot_coerce_bool_to_${type}`);
      const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
      if (type === "integer" ? Number.isSafeInteger(number) : Number.isFinite(number)) return number;
      throw problem(`cannot_coerce_to_${type}`);
    }
    case "boolean": {
      const boolean = toBoolean(value);
      if (boolean !== undefined) return boolean;
      throw problem("cannot_coerce_to_boolean");
    }
    default: {
      const parsed = typeof value === "string" ? parsedOr(value) : value;
      const fits = Array.isArray(parsed) ? type === "array" : type === "object" && typeof parsed === "object";
      if (fits && parsed !== null) return parsed;
      throw problem(`expected_${type}`);
    }
  }
}

function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  const text = String(value).trim().toLowerCase();
  if (["1", "true", "yes", "on"].includes(text)) return true;
  if (["0", "false", "no", "off"].includes(text)) return false;
  return undefined;
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: the caller names the type it expected.
    return text;
  }
}
