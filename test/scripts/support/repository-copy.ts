import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository, type Started, startNode } from "./processes.ts";
import { writeProgram } from "./programs.ts";
import { tempFolder } from "./temp-folder.ts";

/** A repository with the real scripts, nothing installed, and a `check` that prints "checked". */
export class RepositoryCopy {
  readonly root: string;
  /** The folder that is its PATH. */
  readonly bin: string;

  constructor() {
    const folder = tempFolder();
    this.root = join(folder, "repository");
    this.bin = join(folder, "bin");
    mkdirSync(this.bin);
    cpSync(join(repository, "scripts"), join(this.root, "scripts"), { recursive: true });
    writeFileSync(join(this.root, "package.json"), '{"type": "module"}');
    this.write("scripts/check.ts", 'console.log("checked", process.argv.slice(2).join(" "));');
    this.write("package-lock.json", "first");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.root, file), text);
  }

  /** The shell runs in the repository; every call is kept for `npmCalls`. */
  npmDoes(body: string): void {
    this.program("npm", `echo "$*" >> "${this.root}/npm-calls"\n${body}`);
  }

  /** Puts a program on PATH. */
  program(name: string, body: string): string {
    return writeProgram(join(this.bin, name), body);
  }

  npmCalls(): string[] {
    return readFileSync(join(this.root, "npm-calls"), "utf8").trimEnd().split("\n");
  }

  run(args: string[], options: { env?: Record<string, string>; cwd?: string } = {}): Started {
    const env = { PATH: this.bin, HOME: this.root, ...options.env };
    return startNode([join(this.root, "scripts/run.js"), ...args], { cwd: options.cwd ?? this.root, env });
  }
}
