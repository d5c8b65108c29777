import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../../scripts/setup/capture.js";

const root = join(import.meta.dirname, "../..");

/** A fenced block of a page that users read. */
export interface Block {
  /** Page, heading as a link has it, and which block below that: `README.md#models:2`. */
  name: string;
  /** What the fence says it is. */
  language: string;
  text: string;
}

const pages = globSync(["*.md", "docs/**/*.md", "{apps,examples}/*/*.md"], { cwd: root }).sort();
const fence = /^ *```(.*)$/;

/** Every block there is, in the pages' order. */
export const blocks: readonly Block[] = pages.flatMap(blocksOf);

/** What stands in backticks in a sentence. */
export const inlineCode: readonly string[] = pages.flatMap((page) =>
  [
    ...readPage(page)
      .replace(/^ *```[^]*?^ *```$/gm, "")
      .matchAll(/`([^`\n]+)`/g),
  ].map(([, code = ""]) => code),
);

function readPage(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

function blocksOf(page: string): Block[] {
  const found: Block[] = [];
  let heading = "";
  let open: Block | undefined;
  for (const line of readPage(page).split("\n")) {
    const language = fence.exec(line)?.[1];
    if (open !== undefined) {
      if (language === undefined) open.text += `${line}\n`;
      else open = undefined;
    } else if (language !== undefined) {
      const place = `${page}#${heading}`;
      const before = found.filter(({ name }) => name.startsWith(`${place}:`)).length;
      open = { name: `${place}:${before + 1}`, language, text: "" };
      found.push(open);
    } else heading = anchor(line) ?? heading;
  }
  return found;
}

/** A heading as GitHub links to it. */
function anchor(line: string): string | undefined {
  const title = /^#+ (.*)$/.exec(line)?.[1];
  return title
    ?.toLowerCase()
    .replace(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

/**
 * A block as it stands, but for what its reader is to fill in.
 * @param given what takes the place of a part of it, by that part
 * @throws {Error} when there is no such block or part, and when something is left to be filled in
 */
export function block(name: string, given: Readonly<Record<string, string>> = {}): string {
  const found = blocks.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`there is no ${name}; there are ${blocks.map((each) => each.name).join(", ")}`);
  let { text } = found;
  for (const [part, replacement] of Object.entries(given)) {
    if (!text.includes(part)) throw new Error(`${name} has no "${part}"`);
    text = text.replaceAll(part, () => replacement);
  }
  const open = /<[a-z][a-z_ ]*>/.exec(text)?.[0];
  if (open !== undefined) throw new Error(`${name} leaves ${open} open; say what is given for it`);
  return text;
}

/**
 * Has bash run commands as somebody would who looks at each result: the first that fails ends it.
 * @returns what they printed
 * @throws {Error} with all of that when one fails
 */
export async function runCommands(
  commands: string,
  options: { cwd: string; env: Readonly<Record<string, string | undefined>>; signal?: AbortSignal },
): Promise<string> {
  const { code, output } = await capture("bash", ["-euo", "pipefail", "-c", commands], options);
  if (code !== 0) throw new Error(`exit code ${code}:\n${commands}\n${output}`);
  return output;
}

/**
 * Looks for what a page shows of a run. Addresses, ids, sizes and times may be others, and a line `…` stands for any lines.
 * @returns the first lines of the page that the run did not print there; undefined when it printed all of them
 */
export function notPrinted(output: string, shown: string): string | undefined {
  const printed = output.split("\n").map(steady);
  let at = 0;
  return shown.split(/^ *…\n/m).find((passage) => {
    const wanted = passage.trimEnd().split("\n").map(steady);
    const found = printed.findIndex((_, line) => line >= at && wanted.every((text, i) => printed[line + i] === text));
    at = found + wanted.length;
    return found === -1;
  });
}

/** A line of output without what is another each time. */
const steady = (line: string): string =>
  line
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:0")
    .replace(/(?<=\/proxy\/|demo-output\/)\w+/g, "id")
    .replace(/\b\d+(?= (?:bytes|ms)\b)/g, "0")
    .replace(/\(\d+s\)/g, "(0s)")
    .trimEnd();
