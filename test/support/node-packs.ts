import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A Python that runs what installs packs; undefined where there is none. */
export const python = spawnSync("python3", ["--version"]).status === 0 ? "python3" : undefined;

/** A git repository on this machine. */
export interface Repository {
  url: string;
  /** Writes those files, and no others, as a commit; answers its id. */
  commit(files: Record<string, string>): string;
  git(...args: string[]): string;
}

/** A fresh ComfyUI folder, repositories, and a pip that only writes down what it is asked for. */
export interface NodeFolders {
  folder: string;
  comfy: string;
  /** Environment in which that pip is found. */
  env: Record<string, string>;
  repository(name: string): Repository;
  /** What pip was asked for, call by call. */
  pipCalls(): string[][];
  /** What pip does from now on: Python that is run after the call was written down. */
  pipDoes(code: string): void;
  remove(): void;
}

const pip = `
import json, os, sys
with open(os.environ["PIP_LOG"], "a") as log:
    print(json.dumps(sys.argv[1:]), file=log)
exec(open(os.environ["PIP_CODE"]).read())
`;

export function createNodeFolders(): NodeFolders {
  const folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-nodes-"));
  const [comfy, log, code] = [join(folder, "comfy"), join(folder, "pip.log"), join(folder, "pip.code")];
  // In a hook of git's those say which repository is meant.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  mkdirSync(comfy);
  mkdirSync(join(folder, "python/pip"), { recursive: true });
  writeFileSync(join(folder, "python/pip/__init__.py"), "");
  writeFileSync(join(folder, "python/pip/__main__.py"), pip);
  writeFileSync(code, "");
  return {
    ...{ folder, comfy },
    env: { PATH: process.env["PATH"] ?? "", PYTHONPATH: join(folder, "python"), PIP_LOG: log, PIP_CODE: code },
    repository: (name) => {
      const url = join(folder, "repositories", name);
      mkdirSync(url, { recursive: true });
      const who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"];
      const git = (...args: string[]): string =>
        execFileSync("git", ["-C", url, ...who, ...args], { encoding: "utf8", env }).trim();
      git("init", "-q", "-b", "main");
      return {
        ...{ url, git },
        commit: (files) => {
          git("rm", "-rqf", "--ignore-unmatch", ".");
          for (const [path, text] of Object.entries(files)) {
            mkdirSync(dirname(join(url, path)), { recursive: true });
            writeFileSync(join(url, path), text);
          }
          git("add", "-A");
          git("commit", "-q", "--allow-empty", "-m", "files");
          return git("rev-parse", "HEAD");
        },
      };
    },
    pipCalls: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as string[])
        : [],
    pipDoes: (text) => writeFileSync(code, text),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
