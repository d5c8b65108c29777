import { openApp } from "../../app.ts";
import type { Context } from "../../context.ts";
import { createDeployment, withEngine } from "../../deployments.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { changeWords } from "../../stacks/changes.ts";
import { readSettings } from "../../stacks/settings.ts";
import { keepConfig } from "../../stacks/state-dir.ts";

export interface PreviewOptions {
  /** Config of the stack: `key=value` each. */
  config?: string[];
}

/** Tells what `deploy` would do, and what the pod would cost; nothing is rented. */
export async function run(context: Context, spec: string, { config = [] }: PreviewOptions): Promise<ExitCode> {
  const { output } = context;
  const settings = readSettings(config, context.env);
  const { app, appFile } = openApp(context, spec);
  const deployment = await createDeployment(context, app.app_id);
  const restoreConfig = keepConfig(context.stateDir, app.app_id);
  try {
    await deployment.configure({ app: appFile, settings });
    const { changes } = await withEngine(context, `previewing ${app.app_id}`, (engine) => deployment.preview(engine));
    output.result({ app_id: app.app_id, changes }, () => [changeWords(changes, true)]);
  } finally {
    restoreConfig();
    // An app that is not deployed leaves nothing behind.
    await deployment.removeIfEmpty();
  }
  return exitCodes.done;
}
