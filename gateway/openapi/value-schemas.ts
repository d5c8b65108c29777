import { isMediaType } from "../../contract/value-types.ts";
import type { ContractInput, ContractOutput, WorkflowContract } from "../../contract/workflow-contract.ts";

/** A JSON Schema of draft 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Record<string, unknown>;

/** What `POST /run` takes for this workflow. */
export function inputsSchema({ inputs }: WorkflowContract): Schema {
  return {
    type: "object",
    description: "The workflow's inputs.",
    properties: Object.fromEntries(inputs.map((input) => [input.name, inputSchema(input)])),
    required: inputs.filter(isNeeded).map(({ name }) => name),
    additionalProperties: false,
  };
}

/** What a completed job gives for this workflow. */
export function resultSchema({ outputs }: WorkflowContract): Schema {
  return {
    type: "object",
    description: "The workflow's outputs.",
    properties: Object.fromEntries(outputs.map((output) => [output.name, outputSchema(output)])),
    required: outputs.map(({ name }) => name),
  };
}

/** Inputs that a run passes with: those that it needs, and those that have a value to show. */
export function inputsExample({ inputs }: WorkflowContract): Record<string, unknown> {
  const shown = inputs.filter((input) => isNeeded(input) || input.default !== undefined);
  return Object.fromEntries(shown.map((input) => [input.name, exampleOf(input)]));
}

const isNeeded = ({ required, default: value }: ContractInput): boolean => required && value === undefined;

function inputSchema(input: ContractInput): Schema {
  const { type, url, min, max, step, enum: values, default: value } = input;
  const notes = [input.description, stepNote(input)].filter((note) => note !== undefined);
  return {
    ...(url === true ? fetchedMediaSchema(type) : typeSchema(type)),
    ...(min !== undefined && { minimum: min }),
    ...(max !== undefined && { maximum: max }),
    ...(step !== undefined && isMultiple(min ?? 0, step) && { multipleOf: step }),
    ...(values !== undefined && { enum: values }),
    ...(value !== undefined && { default: value }),
    ...(notes.length > 0 && { description: notes.join(" ") }),
  };
}

function outputSchema({ type, multiple, description }: ContractOutput): Schema {
  const one = typeSchema(type);
  return {
    ...(multiple === true ? { type: "array", items: one } : one),
    ...(description !== undefined && { description }),
  };
}

function typeSchema(type: string): Schema {
  if (!isMediaType(type)) return type === "array" ? { type, items: {} } : { type };
  return {
    type: "string",
    pattern: "^fid_[0-9a-f]{32}$",
    description: `Id of a file, ${type}.`,
    "x-media-type": type,
  };
}

/** A file that is there already, or one that is fetched from its address. */
function fetchedMediaSchema(type: string): Schema {
  return {
    type: "string",
    anyOf: [{ pattern: "^fid_[0-9a-f]{32}$" }, { pattern: "^https://" }],
    description: `Id of a file, ${type}, or its https address.`,
    "x-media-type": type,
  };
}

/** JSON Schema counts multiples from zero, a contract from `min`: where they differ, words must do. */
const stepNote = ({ min = 0, step }: ContractInput): string | undefined =>
  step === undefined || isMultiple(min, step) ? undefined : `From ${min} in steps of ${step}.`;

const isMultiple = (value: number, step: number): boolean => {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) < 1e-6;
};

function exampleOf(input: ContractInput): unknown {
  const { type, min, max, enum: values, default: value } = input;
  if (value !== undefined) return value;
  if (values !== undefined) return values[0];
  switch (type) {
    case "string":
      return "a lighthouse in heavy fog";
    case "integer":
    case "number":
      return min ?? Math.min(1, max ?? 1);
    case "boolean":
      return true;
    case "object":
      return {};
    case "array":
      return [];
    default:
      return `fid_${"0123456789abcdef".repeat(2)}`;
  }
}
