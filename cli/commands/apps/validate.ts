import { resolve } from "node:path";
import { loadDeployable } from "../../../contract/deployable.ts";
import type { Context } from "../../context.ts";
import type { ExitCode } from "../../exit-code.ts";
import { readTextFile } from "../../files.ts";

/** Checks an app's three files: app.json, its workflow, and the contract beside that. */
export function run({ cwd, output }: Context, spec: string): ExitCode {
  const { app, contract, warnings } = loadDeployable(resolve(cwd, spec), readTextFile);
  for (const warning of warnings) output.note(`warning: ${warning}`);
  output.result({ app_id: app.app_id, contract_id: contract.contract_id, result: "ok" }, () => [
    `${output.strong(app.app_id)} is valid: ${count(contract.inputs.length, "input")}, ${count(contract.outputs.length, "output")}`,
  ]);
  return 0;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
