import type { Problem } from "./errors.ts";
import { valueText } from "./parse.ts";
import { fileIdPattern, isMediaType } from "./value-types.ts";

/** What a value is checked against: the parts of a contract's input that bound it. */
export interface ValueRule {
  type: string;
  min?: number | undefined;
  max?: number | undefined;
  step?: number | undefined;
  enum?: readonly (string | number | boolean)[] | undefined;
  /** Whether media may be given as the address where they are. */
  url?: boolean | undefined;
}

interface NamedRule extends ValueRule {
  name: string;
  required: boolean;
  default?: unknown;
}

export type InputValues = Record<string, unknown>;

/** A problem of a run request: `code` is the original's machine-readable detail. */
export interface InputProblem extends Problem {
  code: string;
}

/**
 * Checks the body of `POST /run` against the contract's inputs.
 * Values come back with defaults filled in; optional inputs without a value are left out.
 */
export function checkInputs(
  rules: readonly NamedRule[],
  body: unknown,
): { values: InputValues; problems: InputProblem[] } {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { values: {}, problems: [{ path: "", code: "invalid_json", message: "the body must be a JSON object" }] };
  }
  const given = new Map<string, unknown>(Object.entries(body));
  const values: InputValues = {};
  const problems: InputProblem[] = [];
  for (const rule of rules) {
    const value = given.get(rule.name) ?? rule.default;
    if (value === undefined || value === null) {
      if (rule.required) {
        problems.push({
          path: rule.name,
          code: `missing_required_input:${rule.name}`,
          message: `is missing; give a ${rule.type}`,
        });
      }
      continue;
    }
    const message = checkInputValue(rule, value);
    if (message === undefined) values[rule.name] = value;
    else
      problems.push({
        path: rule.name,
        code: `invalid_input:${rule.name}`,
        message: `is ${valueText(value)}; ${message}`,
      });
  }
  const known = new Set(rules.map((rule) => rule.name));
  const unexpected = [...given.keys()].filter((name) => !known.has(name)).sort();
  if (unexpected.length > 0) {
    // Every problem names them all: without an end, a small request would have an answer of gigabytes.
    const shown = unexpected.slice(0, mostUnexpected).map((name) => name.slice(0, longestName));
    const code = `unexpected_inputs:${shown.join(",")}`;
    const others = unexpected.length - shown.length;
    const more = others === 0 ? "" : `, and ${others} more are not either`;
    const inputs = [...known].join(", ");
    for (const name of shown)
      problems.push({ path: name, code, message: `is not an input; the inputs are ${inputs}${more}` });
  }
  return { values, problems };
}

const mostUnexpected = 20;
// No input's name is longer.
const longestName = 64;

/** What is wrong with the value, as a remedy; undefined when it fits. */
export function checkInputValue(rule: ValueRule, value: unknown): string | undefined {
  const wrongType = isMediaType(rule.type) ? checkMedia(rule, value) : checkType(rule.type, value);
  if (wrongType !== undefined) return wrongType;
  if (rule.enum !== undefined && !rule.enum.some((allowed) => allowed === value)) {
    return `use one of ${rule.enum.map((allowed) => JSON.stringify(allowed)).join(", ")}`;
  }
  return typeof value === "number" ? checkBounds(rule, value) : undefined;
}

function checkType(type: string, value: unknown): string | undefined {
  switch (type) {
    case "string":
      return typeof value === "string" ? undefined : "give a string";
    case "integer":
      return Number.isSafeInteger(value) ? undefined : "give a whole number";
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? undefined : "give a number";
    case "boolean":
      return typeof value === "boolean" ? undefined : "give true or false";
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "give a JSON object";
    case "array":
      return Array.isArray(value) ? undefined : "give a JSON array";
    default:
      return "its type is not known";
  }
}

/** Media travel as file ids, or by an address that is fetched: a path would let callers read files of the pod. */
function checkMedia({ type, url }: ValueRule, value: unknown): string | undefined {
  if (typeof value === "string" && (fileIdPattern.test(value) || (url === true && isHttpsUrl(value)))) return undefined;
  const otherwise = url === true ? ", or the https:// address where it is" : "";
  return `upload the ${type} to /files and give its file id (fid_ and 32 hex digits)${otherwise}`;
}

/** Whether a value is an address that a gateway may fetch, as far as can be seen. */
export const isHttpsUrl = (value: string): boolean =>
  value.length <= 8192 && /^https:\/\//i.test(value) && URL.canParse(value);

function checkBounds({ min, max, step }: ValueRule, value: number): string | undefined {
  if (min !== undefined && value < min) return `it must be at least ${min}`;
  if (max !== undefined && value > max) return `it must be at most ${max}`;
  if (step === undefined) return undefined;
  const steps = (value - (min ?? 0)) / step;
  // Decimal steps such as 0.1 have no exact binary form.
  return Math.abs(steps - Math.round(steps)) < 1e-6 ? undefined : `it must be ${min ?? 0} plus a multiple of ${step}`;
}
