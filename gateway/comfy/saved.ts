import { accessSync, constants, createReadStream, readFileSync, statSync } from "node:fs";
import { basename, extname, join, resolve, sep } from "node:path";
import { mediaTypeOfExtension } from "../files/media-types.ts";
import type { OutputFile } from "../workflow/outputs.ts";
import type { ComfyClient } from "./client.ts";

/**
 * Reads what nodes saved where it lies, if that is on this machine: ComfyUI, which does one thing at a time, has no part in
 * it. For everything else ComfyUI is asked.
 * @param folder of ComfyUI's `output/` and `temp/`; null when it is not known, or on another machine
 */
export function createViews(client: Pick<ComfyClient, "view">, folder: string | null): Pick<ComfyClient, "view"> {
  if (folder === null) return client;
  return {
    view: async (file, abort) => {
      const path = pathOf(folder, file);
      // Of a file that we do not know by its name ComfyUI may know more.
      const contentType = mediaTypeOfExtension(extname(file.filename));
      const sizeBytes = path === undefined || contentType === undefined ? undefined : sizeOf(path);
      if (path === undefined || sizeBytes === undefined) return client.view(file, abort);
      return { bytes: contentOf(path, sizeBytes, abort), contentType };
    },
  };
}

/** Where ComfyUI itself would look; undefined for what it would not give. */
function pathOf(folder: string, { filename, subfolder, type }: OutputFile): string | undefined {
  if (type !== "output" && type !== "temp") return undefined;
  const root = join(folder, type);
  const path = resolve(root, subfolder, basename(filename));
  return path.startsWith(root + sep) ? path : undefined;
}

/** undefined for what is no file, or not for us to read. */
function sizeOf(path: string): number | undefined {
  try {
    accessSync(path, constants.R_OK);
    const stats = statSync(path);
    return stats.isFile() ? stats.size : undefined;
  } catch {
    return undefined;
  }
}

async function* contentOf(path: string, sizeBytes: number, abort: AbortSignal): AsyncGenerator<Uint8Array> {
  if (sizeBytes <= smallBytes) yield readFileSync(path);
  else yield* createReadStream(path, { signal: abort }) as AsyncIterable<Buffer>;
}

// As a stream it would take longer.
const smallBytes = 64 * 1024;
