import { extname } from "node:path";
import type { ComfyClient } from "../comfy/client.ts";
import { defaultMediaType, mediaTypeOf } from "../files/media-types.ts";
import { FileEmpty, type FileRecord, type FileStore } from "../files/store.ts";
import { type Found, type OutputFile, OutputProblem } from "../workflow/outputs.ts";
import type { JobResult } from "./store.ts";

/**
 * Fetches what a prompt made and names it as the contract does: files by their file id, values as they are.
 * @throws {OutputProblem} when a file is gone; then nothing is kept
 */
export async function storeOutputs(
  found: readonly Found[],
  client: Pick<ComfyClient, "view">,
  files: FileStore,
  appId: string | null,
  abort: AbortSignal,
): Promise<JobResult> {
  const result: JobResult = {};
  const stored: FileRecord[] = [];
  try {
    for (const each of found) {
      const items: unknown[] = "values" in each ? each.values : [];
      for (const file of "files" in each ? each.files : []) {
        const record = await storeFile(file, each.output, client, files, appId, abort);
        stored.push(record);
        items.push(record.id);
      }
      result[each.output.name] = each.output.multiple === true ? items : items[0];
    }
  } catch (error) {
    for (const file of stored) await files.remove(file.id);
    throw error;
  }
  return result;
}

async function storeFile(
  file: OutputFile,
  { name, type }: Found["output"],
  client: Pick<ComfyClient, "view">,
  files: FileStore,
  appId: string | null,
  abort: AbortSignal,
): Promise<FileRecord> {
  const view = await client.view(file, abort);
  if (view === undefined) throw new OutputProblem(`MISSING_ARTIFACTS:${name}`);
  const seen = mediaTypeOf(view.contentType);
  // `file/…` is the contract's own way to say "any file", and no media type that others know.
  const mediaType = seen === defaultMediaType && !type.startsWith("file/") ? type : seen;
  try {
    return await files.add(
      view.bytes,
      { mediaType, source: "generated", appId, originalName: `${name}${extname(file.filename)}` },
      Number.POSITIVE_INFINITY,
    );
  } catch (error) {
    if (error instanceof FileEmpty) throw new OutputProblem(`MISSING_ARTIFACTS:${name}`, { cause: error });
    throw error;
  }
}
