import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Deployable, loadDeployable } from "../contract/deployable.ts";
import type { Context } from "./context.ts";
import { NotFoundError, UsageError } from "./errors.ts";
import { readTextFile } from "./files.ts";

/** An app whose files were read, and the path of its app.json. */
interface OpenedApp extends Deployable {
  appFile: string;
}

/**
 * Reads the app that an argument names.
 * @throws {UserError} when there is none, or something in its files is wrong
 */
export function openApp(context: Pick<Context, "cwd">, spec: string): OpenedApp {
  const appFile = appFileOf(context, spec);
  return { appFile, ...loadDeployable(appFile, readTextFile) };
}

/**
 * The path of the app.json that an argument names.
 * @throws {NotFoundError} when there is no such file
 */
export function appFileOf({ cwd }: Pick<Context, "cwd">, spec: string): string {
  const appFile = resolve(cwd, spec);
  const stats = statSync(appFile, { throwIfNoEntry: false });
  if (stats === undefined) throw new NotFoundError(`${appFile} does not exist; give the path of an app.json`);
  if (stats.isDirectory()) throw new UsageError(`${appFile} is a folder; give ${join(spec, "app.json")}`);
  return appFile;
}
