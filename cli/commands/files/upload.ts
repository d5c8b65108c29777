import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { knownApps } from "../../endpoints.ts";
import { NotFoundError, UsageError } from "../../errors.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { mediaTypeOf } from "../../media-types.ts";

export interface UploadOptions {
  /** Path of the file. */
  in: string;
  /** @default what the file's name says */
  mediaType?: string;
  /** @default the file's own name */
  fileName?: string;
  /** @default the only app there is */
  appId?: string;
}

/** Uploads a file, for runs to name by its id. */
export async function run(context: Context, options: UploadOptions): Promise<ExitCode> {
  const path = resolve(context.cwd, options.in);
  checkFile(path);
  const appId = options.appId ?? (await onlyApp(context));
  const client = await openClient(context, appId);
  const { mediaType = mediaTypeOf(path), fileName } = options;
  const file = await client.upload(path, { mediaType, name: fileName, appId });
  context.output.result(file, () => [
    `${context.output.strong(file.file_id)} (${mediaType}, ${file.size_bytes} bytes)`,
  ]);
  return exitCodes.done;
}

function checkFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  const problem = (message: string) => new UsageError(`--in is ${path}; ${message}`);
  if (stats === undefined) throw problem("there is no such file");
  if (!stats.isFile()) throw problem("that is not a file");
  if (stats.size === 0) throw problem("that file is empty");
}

async function onlyApp(context: Context): Promise<string> {
  const [only, ...others] = await knownApps(context);
  if (only === undefined) throw new NotFoundError("nothing is deployed; deploy an app first: cend deploy <app.json>");
  if (others.length === 0) return only;
  throw new UsageError(`say with --app-id which endpoint the file is for: ${[only, ...others].join(", ")}`);
}
