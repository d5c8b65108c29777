import { isMediaType } from "../../contract/value-types.ts";
import type { ContractInput, WorkflowContract } from "../../contract/workflow-contract.ts";
import { aligned } from "../output.ts";
import { flagsOf } from "./flags.ts";

/** The part of `invoke --help` that one app's contract makes: its flags, and a command to start from. */
export function invokeHelp(appId: string, contract: WorkflowContract): string {
  const flags = [...flagsOf(contract.inputs)].sort(
    ([, one], [, other]) => contract.inputs.indexOf(one.input) - contract.inputs.indexOf(other.input),
  );
  const rows = flags.map(([flag, { input, isFile }]): [string, string] => {
    const value = isFile ? "PATH" : flag.endsWith(`${input.name}-id`) ? "FILE_ID" : input.type.toUpperCase();
    const need = input.required && input.default === undefined ? "required" : "optional";
    return [`  ${flag} ${value}`, [`${input.type}, ${need}`, input.description].filter(Boolean).join(": ")];
  });
  return [`Inputs of ${appId}:`, ...aligned(rows), "", "Example:", `  ${exampleCommand(appId, contract)}`].join("\n");
}

/** A command that runs an app once, with a sample of everything that it must be given. */
export function exampleCommand(appId: string, contract: WorkflowContract): string {
  const flags = contract.inputs
    .filter(({ required, default: value }) => required && value === undefined)
    .map((input) => `--input-${input.name}${isMediaType(input.type) ? "-file" : ""} ${sampleOf(input)}`);
  return ["cend invoke", appId, ...flags, "--wait"].join(" ");
}

const samples: Partial<Record<string, string>> = {
  string: '"a lighthouse in heavy fog"',
  integer: "1",
  number: "0.5",
  boolean: "true",
  object: "'{}'",
  array: "'[]'",
  image: "picture.png",
  video: "clip.mp4",
  audio: "sound.wav",
};

function sampleOf({ type, enum: values, min }: ContractInput): string {
  if (values?.[0] !== undefined) return JSON.stringify(values[0]);
  if (min !== undefined) return String(min);
  return samples[type.replace(/\/.*$/, "")] ?? "file.bin";
}
