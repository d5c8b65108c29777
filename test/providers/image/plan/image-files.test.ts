import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { contextFiles } from "../../../../providers/image/context/context-files.ts";
import { dockerfiles, type ImageKind, imageFiles } from "../../../../providers/image/plan/image-files.ts";
import { git } from "../../../support/git-repository.ts";

const root = join(import.meta.dirname, "../../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** What a Dockerfile copies from its context. */
const copied = (kind: ImageKind): string[] =>
  read(dockerfiles[kind])
    .split("\n")
    .filter((line) => /^(COPY|ADD) (?!--from)/.test(line))
    .flatMap((line) => line.split(/\s+/).slice(1, -1));

/** Files of the repository that are there and not ignored, tracked yet or not. */
const sources = git(root, "ls-files", "--cached", "--others", "--exclude-standard")
  .split("\n")
  .filter((path) => existsSync(join(root, path)));
const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

const declared = (kind: ImageKind): string[] => imageFiles[kind].flatMap((pattern) => globSync(pattern, { cwd: root }));

describe.each(["base", "golden"] as const)("the declared files of the %s image", (kind) => {
  it("are those that its Dockerfile copies: all of them that a build of this checkout sees", () => {
    const seen = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const reaching = sources
      .filter((path) => copied(kind).some((source) => isBelow(path, source)))
      .filter((path) => seen.some((pattern) => isBelow(path, pattern) || matchesGlob(path, pattern)));
    expect(declared(kind).sort()).toEqual(reaching.sort());
  });

  it("can be executed as git has it", async () => {
    const { files } = await contextFiles(root, imageFiles[kind]);
    const modes = new Map(
      git(root, "ls-files", "--stage")
        .split("\n")
        .map((line) => [line.split("\t")[1], line.slice(3, 6)]),
    );
    for (const { path, mode } of files) expect(`${path} ${modes.get(path) ?? mode}`).toBe(`${path} ${mode}`);
  });
});

describe("the declared files of the golden image", () => {
  it("are all that the gateway imports, so that no other file of ours makes a new image", () => {
    const files = new Set(declared("golden"));
    const reached = new Set<string>();
    const follow = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      const imports = read(path).matchAll(/(?:^(?:import|export) (?!type)[^;]*?from |\bimport\()"(\.[^"]+)"/gm);
      for (const [, specifier = ""] of imports) follow(posix.join(dirname(path), specifier));
    };
    follow("gateway/main.ts");
    expect([...reached].filter((path) => !files.has(path))).toEqual([]);
    expect([...files].filter((path) => path.startsWith("providers/") && !reached.has(path))).toEqual([]);
  });

  it("have the same line ends in every checkout", () => {
    const attributes = execFileSync("git", ["check-attr", "eol", "--", ...declared("golden")], {
      cwd: root,
      encoding: "utf8",
    });
    expect(
      attributes
        .trim()
        .split("\n")
        .filter((line) => !line.endsWith(": eol: lf")),
    ).toEqual([]);
  });
});
