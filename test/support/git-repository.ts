import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Runs git in a folder, with no configuration but its own; returns what it says. */
export function git(folder: string, ...args: string[]): string {
  const who = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"];
  const env = {
    ...process.env,
    ...Object.fromEntries(who.map((name) => [name, "test@example.org"])),
    ...{ GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
  };
  return execFileSync("git", ["-C", folder, ...args], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** Writes files, by their paths in the folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Makes a repository whose first commit has these files; returns the commit. */
export function makeRepository(folder: string, files: Readonly<Record<string, string>>): string {
  writeFiles(folder, files);
  git(folder, "init", "-q", "-b", "main");
  return commitAll(folder);
}

/** Commits every file there is; returns the commit. */
export function commitAll(folder: string): string {
  git(folder, "add", "--all");
  git(folder, "commit", "-q", "--allow-empty", "-m", "a commit");
  return git(folder, "rev-parse", "HEAD");
}
