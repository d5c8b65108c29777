import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { contextFiles, isContextPath } from "../../../../providers/image/context/context-files.ts";
import { git, makeRepository, writeFiles } from "../../../support/git-repository.ts";

const sources = {
  "entry.sh": "#!/bin/sh\nexec true\n",
  "gateway/main.ts": "export {};\n",
  "gateway/jobs/run.ts": "export const run = 1;\n",
  "nodes/a.py": "A = 1\n",
};
const patterns = ["entry.sh", "gateway/**/*.{ts,js}", "nodes/**/*.py"];

let folder: string;
let clone: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "context-"));
  clone = join(folder, "clone");
  makeRepository(clone, sources);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const filesOf = async (root: string) => (await contextFiles(root, patterns)).files;

describe("a path", () => {
  const untaken = ["other.txt", ".env", "gateway/.cache/a.ts", "gateway/a.d.ts", "gateway/x/node_modules/a/b.ts"];

  it.each([
    ["some of it", patterns],
    ["all of it", ["**/*"]],
  ])("is taken as files are, from %s", async (_, globs) => {
    const all = [...Object.keys(sources), ...untaken, "nodes/__pycache__/a.py", "nodes/a.pyc", "gateway/x/y/z.ts"];
    writeFiles(clone, Object.fromEntries(all.map((path) => [path, "#"])));
    git(clone, "add", "--all", "--force");
    const taken = (await contextFiles(clone, globs)).files.map(({ path }) => path);
    expect(all.filter((path) => isContextPath(path, globs)).sort()).toEqual(taken);
  });
});

describe("the files of a context", () => {
  it("are sorted, with fixed modes: what begins with #! can be executed", async () => {
    const files = await filesOf(clone);
    expect(files.map(({ path, mode }) => `${mode} ${path}`)).toEqual([
      "755 entry.sh",
      "644 gateway/jobs/run.ts",
      "644 gateway/main.ts",
      "644 nodes/a.py",
    ]);
    expect(files[0]?.sha256).toBe("a277a3500d80d93c6b28ecbb66d1bfb3c80d65e8c8bd907075df0e903232a7ff");
  });

  it("are the same in another clone, in an unpacked archive, with other times and permissions", async () => {
    const files = await filesOf(clone);
    git(folder, "clone", "-q", clone, "second");
    cpSync(clone, join(folder, "unpacked"), { recursive: true, filter: (path) => !path.endsWith(".git") });
    for (const path of Object.keys(sources)) {
      chmodSync(join(folder, "unpacked", path), 0o700);
      utimesSync(join(folder, "unpacked", path), 1, 1);
    }
    expect(await filesOf(join(folder, "second"))).toEqual(files);
    expect(await filesOf(join(folder, "unpacked"))).toEqual(files);
  });

  it("are the same after programs ran", async () => {
    const files = await filesOf(clone);
    cpSync(clone, join(folder, "unpacked"), { recursive: true, filter: (path) => !path.endsWith(".git") });
    for (const root of [clone, join(folder, "unpacked")]) {
      writeFiles(root, {
        "nodes/__pycache__/a.cpython-312.pyc": "compiled",
        "nodes/__pycache__/left.py": "",
        "gateway/node_modules/x/index.js": "",
        "gateway/main.d.ts": "",
        "gateway/.cache/x.ts": "",
        "gateway/.main.ts": "",
        "gateway/main.ts~": "",
        "gateway/notes.txt": "",
      });
      expect(await filesOf(root)).toEqual(files);
    }
  });

  it("leave out what git does not track, and tell it", async () => {
    const files = await filesOf(clone);
    writeFiles(clone, { "gateway/scratch.ts": "" });
    expect(await contextFiles(clone, patterns)).toEqual({ files, untracked: ["gateway/scratch.ts"] });
    git(clone, "add", "gateway/scratch.ts");
    expect(await filesOf(clone)).toHaveLength(5);
  });

  it("are those that are named one by one, tracked or not", async () => {
    const files = await filesOf(clone);
    git(clone, "rm", "-q", "--cached", "entry.sh");
    expect(await contextFiles(clone, patterns)).toEqual({ files, untracked: [] });
  });

  it("have the content that they have now, whatever was committed", async () => {
    const before = await filesOf(clone);
    writeFileSync(join(clone, "gateway/main.ts"), "export {}; \n");
    rmSync(join(clone, "gateway/jobs/run.ts"));
    const after = await filesOf(clone);
    expect(after.map(({ path }) => path)).toEqual(["entry.sh", "gateway/main.ts", "nodes/a.py"]);
    expect(after.find(({ path }) => path === "gateway/main.ts")).not.toEqual(before[2]);
  });

  it("are all there are where git tracks none, below a checkout or not", async () => {
    const files = await filesOf(clone);
    const installed = join(clone, "node_modules/comfy-endpoints");
    writeFileSync(join(clone, ".gitignore"), "node_modules/\n");
    writeFiles(installed, sources);
    expect(await filesOf(installed)).toEqual(files);
  });

  it("are those of the folder, though git runs a hook for another repository", async () => {
    const files = await filesOf(clone);
    makeRepository(join(folder, "other"), { x: "" });
    vi.stubEnv("GIT_DIR", join(folder, "other/.git"));
    vi.stubEnv("GIT_INDEX_FILE", join(folder, "other/.git/index"));
    expect(await filesOf(clone)).toEqual(files);
  });

  it("are none that are hidden, whatever those are", async () => {
    symlinkSync("a.py", join(clone, "nodes/link.py"));
    writeFiles(clone, { "gateway/scratch.ts": "" });
    const hidden = ["nodes/link.py", "gateway/scratch.ts", "gateway/main.ts"];
    const { files, untracked } = await contextFiles(clone, patterns, (path) => hidden.includes(path));
    expect(files.map(({ path }) => path)).toEqual(["entry.sh", "gateway/jobs/run.ts", "nodes/a.py"]);
    expect(untracked).toEqual([]);
  });

  it("are refused when one is missing, or is a link", async () => {
    rmSync(join(clone, "entry.sh"));
    await expect(filesOf(clone)).rejects.toThrow(`${join(clone, "entry.sh")} does not exist; an image is made with it`);
    symlinkSync("nodes/a.py", join(clone, "entry.sh"));
    await expect(filesOf(clone)).rejects.toThrow(/entry\.sh is no plain file; .* put a copy in its place/);
  });

  it("cannot be told where git does not answer", async () => {
    mkdirSync(join(folder, "broken/.git"), { recursive: true });
    writeFiles(join(folder, "broken"), sources);
    await expect(filesOf(join(folder, "broken"))).rejects.toThrow(
      /^git does not tell which files of .*broken it tracks: fatal: not a git repository/,
    );
    vi.stubEnv("PATH", "/nowhere");
    await expect(filesOf(clone)).rejects.toThrow("git is not installed");
  });
});
