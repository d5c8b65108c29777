import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { appDocument, contractDocument, workflowDocument } from "./apps.ts";

/** Writes the small valid app into a new folder, with some of its fields changed; returns the path of app.json. */
export function writeApp(folder: string, changed: Record<string, unknown> = {}): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "app.json"), JSON.stringify({ ...appDocument, ...changed }));
  writeFileSync(join(folder, "workflow.json"), JSON.stringify(workflowDocument));
  writeFileSync(join(folder, "workflow.contract.json"), JSON.stringify(contractDocument));
  return join(folder, "app.json");
}
