import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { isExecutable, onMachine, withFoldersFirst } from "../../../scripts/setup/paths.js";
import { writeProgram } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const path = (...folders: string[]) => ({ PATH: folders.join(delimiter) });

describe("a program on the machine", () => {
  it("is looked for in the order of PATH", () => {
    const folder = tempFolder();
    const second = writeProgram(join(folder, "b/tool"), "");
    const first = writeProgram(join(folder, "a/tool"), "");
    writeProgram(join(folder, "a/other"), "");
    const folders = ["c", "b", "a"].map((name) => join(folder, name));
    expect(onMachine("tool", path(...folders))).toEqual([second, first]);
    expect(onMachine("tool", path(...folders.toReversed()))).toEqual([first, second]);
  });

  it("is none that lies in a node_modules, or is a link into one", () => {
    const folder = tempFolder();
    const inProject = writeProgram(join(folder, "node_modules/.bin/tool"), "");
    writeProgram(join(folder, "project/node_modules/deep/bin/tool"), "");
    mkdirSync(join(folder, "links"));
    symlinkSync(inProject, join(folder, "links/tool"));
    const own = writeProgram(join(folder, "my_node_modules/tool"), "");
    const folders = ["node_modules/.bin", "project/node_modules/deep/bin", "links", "my_node_modules"];
    expect(onMachine("tool", path(...folders.map((name) => join(folder, name))))).toEqual([own]);
  });

  it("is none in a folder that depends on where one is, and none where there is no PATH", () => {
    expect(onMachine("sh", path("", ".", "bin", "../../../../../../bin"))).toEqual([]);
    expect(onMachine("sh", {})).toEqual([]);
  });

  it("is an executable file", () => {
    const folder = tempFolder();
    const file = join(folder, "tool");
    expect(isExecutable(file)).toBe(false);
    writeFileSync(file, "");
    expect(isExecutable(file)).toBe(false);
    chmodSync(file, 0o755);
    expect(isExecutable(file)).toBe(true);
    expect(isExecutable(folder)).toBe(false);
  });
});

describe("folders put first on PATH", () => {
  it.each([
    ["come before the others, in their order", ["/x", "/y"], "/a:/b", "/x:/y:/a:/b"],
    ["are not there twice", ["/b", "/x"], "/a:/b:/x", "/b:/x:/a"],
    ["are all there is without a PATH", ["/x"], undefined, "/x"],
    ["leave out empty entries, which would mean the current folder", ["/x"], ":/a::/b:", "/x:/a:/b"],
  ])("%s", (_, folders, before, after) => {
    expect(withFoldersFirst(folders, before)).toBe(after);
  });
});
