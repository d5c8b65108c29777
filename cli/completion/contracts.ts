import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type WorkflowContract, workflowContractSchema } from "../../contract/workflow-contract.ts";
import type { Context } from "../context.ts";

const extension = ".json";
const folderOf = ({ stateDir }: Pick<Context, "stateDir">): string => join(stateDir, "contracts");
const fileOf = (context: Pick<Context, "stateDir">, appId: string): string =>
  join(folderOf(context), `${encodeURIComponent(appId)}${extension}`);

/** Keeps an app's contract, so that completion need not ask for it. It is a convenience: what goes wrong is not told. */
export function rememberContract(context: Pick<Context, "stateDir">, appId: string, contract: WorkflowContract): void {
  const file = fileOf(context, appId);
  try {
    mkdirSync(dirname(file), { recursive: true });
    // At once: whoever reads it meanwhile finds the old or the new one.
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(contract));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A folder that cannot be written to is somebody else's to complain about.
  }
}

/** An app's contract as it was last seen, and how long ago, in milliseconds. */
export function rememberedContract(
  context: Pick<Context, "stateDir">,
  appId: string,
): { contract: WorkflowContract; ageMs: number } | undefined {
  try {
    const file = fileOf(context, appId);
    const contract = workflowContractSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    return { contract, ageMs: Date.now() - statSync(file).mtimeMs };
  } catch {
    return undefined;
  }
}

/** Apps whose contract was seen. */
export function rememberedApps(context: Pick<Context, "stateDir">): string[] {
  try {
    return readdirSync(folderOf(context))
      .filter((file) => file.endsWith(extension))
      .map((file) => decodeURIComponent(file.slice(0, -extension.length)));
  } catch {
    return [];
  }
}
