/** What a form shows for each input of a contract, and what its texts mean. Nothing here knows a browser. */

/** @import { ContractInput } from "../../../../contract/workflow-contract.ts" */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {"text" | "number" | "choice" | "switch" | "media" | "json"} control
 * @property {string} type as the contract has it
 * @property {boolean} required
 * @property {string} description
 * @property {string} facts type, bounds and whether it may be left out, in a few words
 * @property {string} initial the default as a text
 * @property {boolean} isLong a text that wants room
 * @property {boolean} isSeed a whole number that may as well be any
 * @property {boolean} hasSlider bounds on both sides, and few steps between
 * @property {string} step of a number: `any` when there is none
 * @property {readonly (string | number | boolean)[]} choices
 * @property {string} accept for a file picker
 * @property {boolean} takesUrl
 * @property {ContractInput} input
 */

/**
 * @typedef {object} Problem
 * @property {string} path name of the input
 * @property {string} message a clause that follows the name
 */

/** @param {{ inputs: readonly ContractInput[] }} contract @returns {Field[]} */
export const fieldsOf = ({ inputs }) => inputs.map(fieldOf);

/** @param {ContractInput} input @returns {Field} */
function fieldOf(input) {
  const { name, type, required, description = "", min, max } = input;
  const control = controlOf(input);
  const initial = textOf(control, input);
  const step = stepOf(input);
  const steps =
    min === undefined || max === undefined
      ? Infinity
      : (max - min) / (step === "any" ? (max - min) / 100 : Number(step));
  return {
    ...{ name, control, type, required, description, initial, step, input },
    facts: factsOf(input),
    isLong: control === "text" && (/prompt|text|caption|lyrics|story|script/i.test(name) || /\n|.{60}/.test(initial)),
    isSeed: type === "integer" && control === "number" && /(^|_)seed$/i.test(name),
    hasSlider: control === "number" && steps <= 200,
    choices: input.enum ?? (type === "boolean" ? [true, false] : []),
    accept: acceptOf(type),
    takesUrl: input.url === true,
  };
}

/** @param {ContractInput} input @returns {Field["control"]} */
function controlOf({ type, required, default: value, enum: choices }) {
  if (type.includes("/")) return "media";
  if (choices !== undefined) return "choice";
  // A switch is on or off: what may be left out has a third way.
  if (type === "boolean") return required || value !== undefined ? "switch" : "choice";
  if (type === "integer" || type === "number") return "number";
  return type === "string" ? "text" : "json";
}

/** @param {Field["control"]} control @param {ContractInput} input */
function textOf(control, { default: value, enum: choices = [] }) {
  if (value === undefined || value === null) return "";
  if (control === "choice") return String(choices.findIndex((each) => each === value));
  if (control === "json") return JSON.stringify(value, null, 2);
  return String(value);
}

/** @param {ContractInput} input */
function stepOf({ type, step, min = 0 }) {
  if (step !== undefined) return String(step);
  return type === "integer" && Number.isInteger(min) ? "1" : "any";
}

/** Pickers filter by kind: nodes decode any picture where the contract says `image/png`. @param {string} type */
function acceptOf(type) {
  const [kind = ""] = type.split("/");
  return ["image", "video", "audio"].includes(kind) ? `${kind}/*` : "";
}

/** @param {ContractInput} input */
function factsOf({ type, required, min, max, step, default: value }) {
  const range =
    min !== undefined && max !== undefined
      ? `${min} to ${max}`
      : min !== undefined
        ? `from ${min}`
        : max !== undefined
          ? `up to ${max}`
          : "";
  const facts = [type, range, step === undefined ? "" : `in steps of ${step}`];
  return [...facts, required || value !== undefined ? "" : "optional"].filter((fact) => fact !== "").join(", ");
}

/**
 * What a control's text gives a run; `value` is undefined when the input is left out.
 * @param {Field} field
 * @param {string} text of a switch: `true` or `false`; of a choice: its place in the list
 * @returns {{ value: unknown } | { problem: string }}
 */
export function valueOf({ control, choices, initial }, text) {
  switch (control) {
    case "text":
      // Somebody emptied it, and an empty text is not the default.
      return { value: text === "" && initial === "" ? undefined : text };
    case "number":
      if (text.trim() === "") return { value: undefined };
      return Number.isNaN(Number(text)) ? { problem: "is no number" } : { value: Number(text) };
    case "choice":
      return { value: text === "" ? undefined : choices[Number(text)] };
    case "switch":
      return { value: text === "true" };
    case "media":
      return { value: text.trim() === "" ? undefined : text.trim() };
    case "json":
      return text.trim() === "" ? { value: undefined } : parsed(text);
  }
}

/** @param {string} text @returns {{ value: unknown } | { problem: string }} */
function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `is no JSON: ${error instanceof Error ? error.message : ""}` };
  }
}

/**
 * The body of a run from the texts of all controls, and what is wrong with them before anybody is asked.
 * @param {readonly Field[]} fields
 * @param {ReadonlyMap<string, string>} texts by name
 */
export function valuesOf(fields, texts) {
  /** @type {[string, unknown][]} */
  const entries = [];
  /** @type {Problem[]} */
  const problems = [];
  for (const field of fields) {
    const result = valueOf(field, texts.get(field.name) ?? "");
    if ("problem" in result) problems.push({ path: field.name, message: result.problem });
    else if (result.value !== undefined) entries.push([field.name, result.value]);
  }
  // Not by assignment: an input may be called like something that every object has.
  return { values: Object.fromEntries(entries), problems };
}

/**
 * A seed that nobody chose, within the bounds.
 * @param {ContractInput} input
 * @param {() => number} random 0 to 1
 */
export function seedFor({ min = 0, max = 2 ** 32 - 1, step = 1 }, random = Math.random) {
  const steps = Math.floor((Math.min(max, Number.MAX_SAFE_INTEGER) - min) / step);
  return min + Math.floor(random() * (steps + 1)) * step;
}
