import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hiddenBy, readIgnoreFile } from "../../../../providers/image/context/ignore-file.ts";
import { git, makeRepository, writeFiles } from "../../../support/git-repository.ts";

describe("a line of .dockerignore", () => {
  it.each<[line: string, hidden: string[], seen: string[]]>([
    ["a", ["a", "a/b", "a/b/c"], ["b", "b/a", "ab"]],
    ["/a/", ["a", "a/b"], ["b/a"]],
    ["./x/../a//b", ["a/b", "a/b/c"], ["a/c"]],
    ["a/*", ["a/b", "a/b/c"], ["a", "b/a"]],
    ["*.md", ["README.md", "x.md/y"], ["docs/x.md", "READMExmd"]],
    ["**/*.md", ["README.md", "docs/x.md", "a/b/c.md"], ["x.mdx"]],
    ["**", ["a", "a/b"], []],
    ["a/**", ["a/b", "a/b/c"], ["a", "b"]],
    ["a/**/c", ["a/c", "a/b/c", "a/b/b/c"], ["a/b", "c"]],
    ["a**c", ["ac", "ab/c"], ["abc"]],
    ["?.py", ["a.py"], ["ab.py", ".py"]],
    ["[a-c].py", ["a.py"], ["d.py"]],
    ["[^a-c].py", ["d.py"], ["a.py"]],
    ["a+b(1){2}$.txt", ["a+b(1){2}$.txt"], ["aab1122.txt"]],
    ["\\*\\#", ["*#"], ["a#"]],
    ["  a  ", ["a"], []],
    ["#a", [], ["a", "#a"]],
    ["", [], ["a"]],
  ])("%j is read as Docker reads it", (line, hidden, seen) => {
    const hides = hiddenBy(line, ".dockerignore");
    expect(hidden.filter((path) => !hides(path))).toEqual([]);
    expect(seen.filter((path) => hides(path))).toEqual([]);
  });

  it("that comes last decides", () => {
    const hides = hiddenBy("\uFEFF*\n!src\nsrc/*.log\n! src/keep.log\n", ".dockerignore");
    const all = ["README.md", "src/a.py", "src/a.log", "src/keep.log", "src/sub/a.log", "other/src"];
    expect(all.filter((path) => !hides(path))).toEqual(["src/a.py", "src/keep.log", "src/sub/a.log"]);
  });

  it.each(["b[", "\\d"])("that is no pattern is named: %s", (line) => {
    expect(() => hiddenBy(`a\n\n${line}\n`, "/app/.dockerignore")).toThrow(
      `line 3 of /app/.dockerignore is "${line}", no pattern that Docker knows; mend it`,
    );
  });

  it("that changes nothing about a folder is not held against what is in it", () => {
    const hides = hiddenBy("*\n!a/b\na\n", ".dockerignore");
    expect(["a/b", "a/c", "b"].filter((path) => !hides(path))).toEqual(["a/b"]);
  });

  it("that is an exception counts in a folder that is hidden as a whole, too", () => {
    const hides = hiddenBy("**\n!**/*.py\n", ".dockerignore");
    expect(["a.py", "src/sub/a.py", "src/a.log"].filter((path) => !hides(path))).toEqual(["a.py", "src/sub/a.py"]);
  });
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ignore-"));
  writeFiles(folder, { "app/x": "", Dockerfile: "FROM scratch\n" });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = () => readIgnoreFile(join(folder, "Dockerfile"), join(folder, "app"));

describe("the file that is obeyed", () => {
  it("is the context's, or the Dockerfile's own in its place", async () => {
    expect((await read()).path).toBeUndefined();
    writeFileSync(join(folder, "app/.dockerignore"), "x\n");
    expect(await read()).toMatchObject({ path: join(folder, "app/.dockerignore"), untracked: [] });
    expect((await read()).hides("x")).toBe(true);
    writeFileSync(join(folder, "Dockerfile.dockerignore"), "");
    expect((await read()).path).toBe(join(folder, "Dockerfile.dockerignore"));
    expect((await read()).hides("x")).toBe(false);
  });

  it("is one that other clones have, too", async () => {
    makeRepository(folder, {});
    writeFileSync(join(folder, "app/.dockerignore"), "x\n");
    const untracked = await read();
    expect(untracked).toMatchObject({ path: undefined, untracked: [join(folder, "app/.dockerignore")] });
    expect(untracked.hides("x")).toBe(false);
    git(folder, "add", "app/.dockerignore");
    expect((await read()).hides("x")).toBe(true);
  });
});
