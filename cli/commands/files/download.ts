import { mkdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { FileObject } from "../../../contract/api.ts";
import type { Context } from "../../context.ts";
import { openClient } from "../../endpoint.ts";
import { askEndpoints, firstOf } from "../../endpoints.ts";
import { type ExitCode, exitCodes } from "../../exit-code.ts";
import { extensionOf } from "../../media-types.ts";

export interface DownloadOptions {
  /** File to write, or folder to write it into. */
  out: string;
  appId?: string;
}

/** Downloads a file, whichever endpoint has it. */
export async function run(context: Context, fileId: string, { out, appId }: DownloadOptions): Promise<ExitCode> {
  const answers = await askEndpoints(context, appId, (client) => client.file(fileId));
  const { appId: owner, value: file } = firstOf(answers, `the file ${fileId}`);
  const client = await openClient(context, owner);
  const target = pathFor(context.cwd, out, file);
  mkdirSync(dirname(target), { recursive: true });
  const { path, size, mediaType } = await client.download(fileId, () => target);
  const document = { file_id: fileId, out: path, content_type: mediaType, content_length: String(size) };
  context.output.result(document, () => [`${context.output.strong(path)} (${mediaType}, ${size} bytes)`]);
  return exitCodes.done;
}

/** In a folder the file keeps its name, which somebody else chose: no more of it than its last part. */
function pathFor(cwd: string, out: string, { file_id, media_type, original_name }: FileObject): string {
  const path = resolve(cwd, out);
  const isFolder = /[\\/]$/.test(out) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) return path;
  const name = basename((original_name ?? "").replaceAll("\\", "/"));
  return join(path, ["", ".", ".."].includes(name) ? `${file_id}.${extensionOf(media_type)}` : name);
}
