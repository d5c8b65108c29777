import { readFile } from "node:fs/promises";
import { z } from "zod";
import { replaceFile } from "../../../durable.ts";
import { addRange, type Range } from "./ranges.ts";

const journalSchema = z.object({ done: z.array(z.object({ from: z.int().min(0), to: z.int().min(0) })) });

/**
 * Which bytes of an unfinished file are on disk.
 * @param size of the whole file: what lies beyond is not believed
 * @returns none where there is no journal, or one that cannot be read
 */
export async function readJournal(path: string, size: number): Promise<Range[]> {
  try {
    const { done } = journalSchema.parse(JSON.parse(await readFile(path, "utf8")));
    if (done.some(({ to }) => to > size)) return [];
    return done.reduce<Range[]>(addRange, []);
  } catch {
    return [];
  }
}

/** Call it once the bytes are on disk, and not before: whoever reads it fetches them no more. */
export const writeJournal = (path: string, done: readonly Range[]): Promise<void> =>
  replaceFile(path, JSON.stringify({ done }));
