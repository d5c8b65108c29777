import type { Problem } from "../../contract/errors.ts";
import { checkInputs, type InputValues } from "../../contract/input-values.ts";
import { valueText } from "../../contract/parse.ts";
import { isMediaType } from "../../contract/value-types.ts";
import type { ContractInput, WorkflowContract } from "../../contract/workflow-contract.ts";
import { didYouMean } from "../similar.ts";

/** A local file that becomes the value of an input once it is uploaded. */
export interface Upload {
  input: string;
  path: string;
  mediaType: string;
}

export interface InvokeInputs {
  /** Values that were given; the endpoint fills in defaults. */
  values: InputValues;
  uploads: Upload[];
  problems: Problem[];
}

interface Flag {
  input: ContractInput;
  /** Whether the value is a local file. */
  isFile: boolean;
}

/** Flags that are there whatever the contract; the table of commands describes them. */
const commandFlags = ["--input-json", "--wait", "--timeout-seconds", "--poll-seconds", "--out", "--help"];

// Takes the place of an upload's id while the values are checked, before anything is uploaded.
const futureFileId = `fid_${"0".repeat(32)}`;

/**
 * Reads the flags that a contract gives to `invoke`: `--input-<name> V` for scalars, `--input-<name>-file PATH` and
 * `--input-<name>-id FID` for media; `=` may join flag and value.
 * @param words what the command line holds besides options of its own
 * @param base values of `--input-json`, which the flags override
 */
export function readInputFlags(contract: WorkflowContract, words: readonly string[], base: InputValues): InvokeInputs {
  const flags = flagsOf(contract.inputs);
  const values: InputValues = { ...base };
  const uploads: Upload[] = [];
  const problems: Problem[] = [];
  const seen = new Set<string>();

  for (const { name, value } of pairs(words)) {
    const flag = flags.get(name);
    if (flag === undefined) problems.push({ path: name, message: unknownFlag(name, contract.inputs, flags) });
    else if (value === undefined) problems.push({ path: name, message: `lacks its value (${flag.input.type})` });
    else if (seen.has(flag.input.name)) problems.push({ path: name, message: "gives the input a second time" });
    else {
      seen.add(flag.input.name);
      if (flag.isFile) {
        uploads.push({ input: flag.input.name, path: value, mediaType: flag.input.type });
        values[flag.input.name] = futureFileId;
      } else {
        const parsed = parseValue(flag.input.type, value);
        if (parsed === undefined)
          problems.push({ path: name, message: `is ${valueText(value)}; ${remedy(flag.input.type)}` });
        // A value that cannot be read counts as given: it is reported once.
        values[flag.input.name] = parsed ?? flag.input.default ?? null;
      }
    }
  }
  const misread = new Set(problems.flatMap(({ path }) => flags.get(path)?.input.name ?? []));
  const wrong = checkInputs(contract.inputs, values).problems.filter(({ path }) => !misread.has(path));
  return { values, uploads, problems: [...problems, ...wrong] };
}

/** Every flag of a contract, in its order. A flag that is an input's own name wins over another's suffix. */
export function flagsOf(inputs: readonly ContractInput[]): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const input of inputs.filter(({ type }) => isMediaType(type))) {
    flags.set(`--input-${input.name}-file`, { input, isFile: true });
    flags.set(`--input-${input.name}-id`, { input, isFile: false });
  }
  for (const input of inputs.filter(({ type }) => !isMediaType(type))) {
    flags.set(`--input-${input.name}`, { input, isFile: false });
  }
  return flags;
}

/** A flag's value is the word after it, unless that is a flag itself: such values are joined with `=`. */
function pairs(words: readonly string[]): { name: string; value: string | undefined }[] {
  const found: { name: string; value: string | undefined }[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const joint = word.indexOf("=");
    const next = words[at + 1];
    if (word.startsWith("--") && joint > 0) {
      found.push({ name: word.slice(0, joint), value: word.slice(joint + 1) });
    } else if (word.startsWith("--") && next !== undefined && !next.startsWith("--")) {
      found.push({ name: word, value: next });
      at++;
    } else {
      found.push({ name: word, value: undefined });
    }
  }
  return found;
}

function unknownFlag(name: string, inputs: readonly ContractInput[], flags: Map<string, Flag>): string {
  const media = inputs.find((input) => isMediaType(input.type) && name === `--input-${input.name}`);
  if (media !== undefined) return `is ${media.type}; give ${name}-file PATH or ${name}-id FILE_ID`;
  const suffixed = inputs.find((input) => name === `--input-${input.name}-file` || name === `--input-${input.name}-id`);
  if (suffixed !== undefined) return `is ${suffixed.type}, no media; give --input-${suffixed.name} VALUE`;
  return `is not known${didYouMean(name, [...flags.keys(), ...commandFlags])}; this endpoint takes ${[...flags.keys()].join(", ")}`;
}

function parseValue(type: string, text: string): unknown {
  switch (type) {
    case "integer":
    case "number": {
      const number = text.trim() === "" ? Number.NaN : Number(text);
      return Number.isFinite(number) ? number : undefined;
    }
    case "boolean":
      return booleans[text.trim().toLowerCase()];
    case "object":
    case "array":
      return parseJson(text);
    default:
      return text;
  }
}

const booleans: Partial<Record<string, boolean>> = {
  ...Object.fromEntries(["1", "true", "yes", "on"].map((word) => [word, true])),
  ...Object.fromEntries(["0", "false", "no", "off"].map((word) => [word, false])),
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function remedy(type: string): string {
  if (type === "integer" || type === "number") return "give a number";
  return type === "boolean" ? "give true or false" : `give a JSON ${type}`;
}
