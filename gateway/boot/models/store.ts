import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, realpath, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../../contract/errors.ts";
import { replaceFile } from "../../durable.ts";
import { ownFolder, type PlannedModel } from "./plan.ts";

const recordSchema = z.object({
  target: z.string(),
  /** Hash of the address it came from: the address itself may hold a token. */
  source: z.string(),
  size: z.int(),
  /** Hex; null when nothing ever named one to compare it with. */
  sha256: z.string().nullable(),
  /** Of the file, in milliseconds: whoever changes the file changes it too. */
  mtime: z.number(),
});

/** What is known of a file that was fetched or checked once. */
export type ModelRecord = z.output<typeof recordSchema>;

/** Where the gateway keeps what it knows of models, below the models folder. */
export function modelFolders(root: string) {
  const own = join(root, ownFolder);
  return { root, incoming: join(own, "incoming"), records: join(own, "records"), claims: join(own, "claims") };
}
export type ModelFolders = ReturnType<typeof modelFolders>;

export async function makeFolders(folders: ModelFolders): Promise<void> {
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
}

/** A name for files that belong to a model: readable, one for each, and short enough for every file system. */
export const keyOf = (target: string): string =>
  `${digest(target).slice(0, 12)}-${target
    .replace(/^.*\//, "")
    .replace(/[^\w.-]/g, "_")
    .slice(-80)}`;

/** Whether a file was left of a download, or put aside: parts, journals, and what a crash left of writing one. */
export const isBegun = (name: string): boolean => /\.(part|journal|pruned|tmp)$/.test(name);

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

const recordPath = ({ records }: ModelFolders, target: string): string => join(records, `${keyOf(target)}.json`);

/** undefined when there is none that can be read. */
export const readRecord = (folders: ModelFolders, target: string): Promise<ModelRecord | undefined> =>
  readParsed(recordPath(folders, target), recordSchema);

/** Notes what a file is, as it lies there. */
export async function writeRecord(
  folders: ModelFolders,
  { target, path, sourceUrl }: PlannedModel,
  sha256: string | null,
): Promise<void> {
  const { size, mtimeMs } = await stat(path);
  const record: ModelRecord = { target, source: digest(sourceUrl), size, sha256, mtime: mtimeMs };
  await replaceFile(recordPath(folders, target), JSON.stringify(record));
}

/** All that can be read. */
export async function listRecords({ records }: ModelFolders): Promise<ModelRecord[]> {
  const files = (await readdir(records)).filter((name) => name.endsWith(".json"));
  const read = files.map((name) => readParsed(join(records, name), recordSchema));
  return (await Promise.all(read)).filter((record) => record !== undefined);
}

export const removeRecord = (folders: ModelFolders, target: string): Promise<void> =>
  rm(recordPath(folders, target), { force: true });

export async function readParsed<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Makes a model's folder.
 * @throws {UserError} when a link on the volume leads it out of the models folder
 */
export async function makeModelFolder({ root }: ModelFolders, { path, target }: PlannedModel): Promise<void> {
  const folder = dirname(path);
  const [real, realRoot] = await Promise.all([realPathOf(folder), realpath(root)]);
  if (real !== realRoot && !real.startsWith(`${realRoot}/`)) {
    throw new UserError(`"${target}" lies outside the models folder: a link leads to ${real}; remove that link`);
  }
  await mkdir(folder, { recursive: true });
}

/** Of what there is of a path yet. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return realPathOf(dirname(path));
  }
}
