import { execFileSync } from "node:child_process";
import { cpSync, lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** Copies what git would clone, as it is now. @param unused paths that are left out */
export function copyProject(target: string, unused?: RegExp): void {
  const listed = execFileSync("git", ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
    maxBuffer: 16 * 1024 ** 2,
  });
  for (const path of listed.split("\0").filter((name) => name !== "" && unused?.test(name) !== true)) {
    // Git may still list what is deleted; and a link in the place of node_modules, which is no folder to it.
    if (lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() !== true) continue;
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, path), join(target, path));
  }
}

/** Has a copy use what is installed here. */
export function linkModules(target: string): void {
  symlinkSync(join(root, "node_modules"), join(target, "node_modules"));
}
