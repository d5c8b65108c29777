import { openApp } from "../../app.ts";
import type { Context } from "../../context.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";

/** Checks an app's three files: app.json, its workflow, and the contract beside that. */
export function run(context: Context, spec: string): ExitCode {
  const { output } = context;
  const { app, contract, warnings } = openApp(context, spec);
  for (const warning of warnings) output.note(`warning: ${warning}`);
  output.result({ app_id: app.app_id, contract_id: contract.contract_id, result: "ok" }, () => [
    `${output.strong(app.app_id)} is valid: ${count(contract.inputs.length, "input")}, ${count(contract.outputs.length, "output")}`,
  ]);
  return exitCodes.done;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
