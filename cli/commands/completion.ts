import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { candidatesFor } from "../completion/candidates.ts";
import { placeOf } from "../completion/place.ts";
import { endpointSources } from "../completion/sources.ts";
import type { Context } from "../context.ts";
import { type ExitCode, exitCodes } from "../exit-code.ts";

/** Prints the script that makes a shell complete. */
export function run({ output }: Context, shell: string): ExitCode {
  output.text(readFileSync(join(import.meta.dirname, `../completion/cend.${shell}`), "utf8"));
  return exitCodes.done;
}

/**
 * Prints what may stand in place of the last word: a line each, the word, a tab, what it means. The line `:files` stands
 * for every file there is.
 */
export async function complete(context: Context, program: Command, words: readonly string[]): Promise<ExitCode> {
  const place = placeOf(program, words);
  const { cwd, stateDir, output } = context;
  const sources = endpointSources({ ...context, stateDir: resolve(cwd, place.given.get("--state-dir") ?? stateDir) });
  const found = await candidatesFor(place, sources);
  const lines = found.map((one) => (one === ":files" ? one : `${place.prefix}${one.word}\t${oneLine(one.help)}`));
  output.text(lines.map((line) => `${line}\n`).join(""));
  return exitCodes.done;
}

const oneLine = (text = ""): string => text.replace(/\s+/g, " ").trim();
