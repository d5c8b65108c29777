/** What an app hides from Docker: `.dockerignore`, read as Docker reads it. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { UserError } from "../../../contract/errors.ts";
import { trackedFiles } from "../git.ts";

/** Whether a path of a context, with `/`, is kept out of every image made from it. */
export type Hides = (path: string) => boolean;

export interface IgnoreFile {
  /** Absolute; undefined when no file hides anything. */
  path: string | undefined;
  hides: Hides;
  /** Those that are there, but that git does not track: no other clone obeys them. */
  untracked: string[];
}

/** Where Docker looks, in that order; it obeys the first that is there. */
export const ignoreFilesOf = (dockerfile: string, context: string): string[] => [
  `${dockerfile}.dockerignore`,
  join(context, ".dockerignore"),
];

/** @throws {UserError} naming a line that is no pattern */
export async function readIgnoreFile(dockerfile: string, context: string): Promise<IgnoreFile> {
  const untracked: string[] = [];
  for (const path of ignoreFilesOf(dockerfile, context).filter((candidate) => existsSync(candidate))) {
    const tracked = await trackedFiles(dirname(path));
    if (tracked?.has(basename(path)) !== false) {
      return { path, hides: hiddenBy(readFileSync(path, "utf8"), path), untracked };
    }
    untracked.push(path);
  }
  return { path: undefined, hides: () => false, untracked };
}

interface Rule {
  /** Of a line that begins with `!`. */
  isException: boolean;
  matches: RegExp;
}

/**
 * The last line that matches a path or a folder it is in decides. As in Docker, a line that would change nothing about a
 * folder is not held against it, and so matches what is in the folder only by itself.
 * @param subject the file, for errors
 * @throws {UserError} naming a line that is no pattern
 */
export function hiddenBy(text: string, subject: string): Hides {
  const rules = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .flatMap((line, at) => (line.startsWith("#") || line.trim() === "" ? [] : [ruleOf(line.trim(), subject, at + 1)]));
  return (path) => {
    const names = path.split("/");
    let isHidden = false;
    let matched: boolean[] = [];
    for (const [at] of names.entries()) {
      const here = names.slice(0, at + 1).join("/");
      isHidden = false;
      matched = rules.map(({ isException, matches }, rule) => {
        const isMatch = matched[rule] === true || (isException === isHidden && matches.test(here));
        if (isMatch) isHidden = !isException;
        return isMatch;
      });
    }
    return isHidden;
  };
}

function ruleOf(line: string, subject: string, number: number): Rule {
  const isException = line.startsWith("!");
  const glob = posix.normalize(isException ? line.slice(1).trim() : line).replace(/(?<=.)\/$|^\/(?=.)/g, "");
  try {
    return { isException, matches: globPattern(glob) };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UserError(`line ${number} of ${subject} is "${line}", no pattern that Docker knows; mend it`, [], {
      cause,
    });
  }
}

/** `*` and `?` stay within a name, `**` stands for any number of folders. */
function globPattern(glob: string): RegExp {
  const pattern = glob.replace(/\*\*\/?|\*|\?|\\.|[.+$(){}|]/gs, (token, at: number) => {
    if (token.startsWith("**")) return at + token.length === glob.length ? ".*" : "(.*/)?";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    // Docker takes `\d` for a digit, and other letters for what else they stand for.
    if (/\\\w/.test(token)) throw new SyntaxError(token);
    return `\\${token.slice(-1)}`;
  });
  return new RegExp(`^${pattern}$`, "s");
}
