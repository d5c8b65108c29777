import { readFile } from "node:fs/promises";
import { z } from "zod";
import { replaceFile } from "../../durable.ts";

const entrySchema = z.object({
  /** Name of the file among the cache's. */
  file: z.string().regex(/^[^/]+$/),
  size: z.int().min(0),
  /** Of the file as it was when it moved, in milliseconds: an image brings it along unchanged. */
  mtime: z.number(),
});
export type ManifestEntry = z.output<typeof entrySchema>;

const manifestSchema = z.object({ version: z.literal(1), links: z.record(z.string(), entrySchema) });

/** Which paths of a container are links to which files of the cache. */
export type Manifest = Record<string, ManifestEntry>;

/** Empty when there is none, or one that cannot be read: its files are then linked as they turn up again. */
export async function readManifest(path: string): Promise<Manifest> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, "utf8"))).links;
  } catch {
    return {};
  }
}

export const writeManifest = (path: string, links: Manifest): Promise<void> =>
  replaceFile(path, `${JSON.stringify({ version: 1, links }, null, 2)}\n`);
