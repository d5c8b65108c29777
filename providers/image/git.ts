/** What is asked of git. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../contract/errors.ts";
import { isCommit } from "../../contract/nodes/repository.ts";

const timeoutMs = 60_000;

/** In a hook of git's these say which repository is meant: another one. */
const unsetInHooks = Object.fromEntries(
  ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"].map((name) => [name, undefined]),
);

/**
 * Files below a folder that git tracks, relative to it, with `/`.
 * @returns undefined where git tracks nothing: in an unpacked archive, below node_modules
 * @throws {UserError} when the folder is in a git checkout, and git cannot be asked
 */
export async function trackedFiles(folder: string): Promise<ReadonlySet<string> | undefined> {
  if (checkoutFolder(folder) === undefined) return undefined;
  // Whoever owns the checkout: nothing of it is run.
  const ask = ["-C", folder, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--recurse-submodules"];
  const listed = await git(ask).catch((cause: unknown) => {
    throw new UserError(`git does not tell which files of ${folder} it tracks: ${reasonOf(cause)}`, [], { cause });
  });
  const paths = listed.split("\0").filter((path) => path !== "");
  return paths.length === 0 ? undefined : new Set(paths);
}

/** The folder of the git checkout that a folder is in; undefined when it is in none. */
export function checkoutFolder(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/**
 * The commit that a ref of a repository stands for. A full commit stands for itself; a tag goes before a branch of its name.
 * @param ref commit, tag, branch, HEAD or a full name such as refs/pull/1/head
 * @throws {UserError} a clause that says why it cannot be told
 */
export async function resolveCommit(repo: string, ref: string): Promise<string> {
  if (isCommit(ref)) return ref.toLowerCase();
  // An annotated tag is an object of its own; ^{} is the commit that it is at.
  const names = [ref, `refs/tags/${ref}^{}`, `refs/tags/${ref}`, `refs/heads/${ref}`];
  const listed = await git(["ls-remote", "--", repo, ...names]).catch((cause: unknown) => {
    throw new UserError(`git cannot ask ${repo} which commit that is: ${reasonOf(cause)}`, [], { cause });
  });
  const commits = new Map(listed.split("\n").map((line) => line.split("\t").reverse() as [string, string]));
  const commit = names.map((name) => commits.get(name)).find((found) => found !== undefined);
  if (commit === undefined) throw new UserError(`${repo} has no branch or tag of that name`);
  return commit;
}

async function git(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", args, {
    env: { ...process.env, ...unsetInHooks, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0" },
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** git's own last words. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "git is not installed";
  if ("killed" in error && error.killed === true) return `it did not answer within ${timeoutMs / 1000} s`;
  const said =
    "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim().split("\n").at(0) : undefined;
  return said ?? error.message;
}
