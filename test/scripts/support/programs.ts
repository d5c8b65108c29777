import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes a program of some lines of shell; it finds the machine's tools, whatever PATH it is started with. */
export function writeProgram(file: string, body: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\n${body}\n`, { mode: 0o755 });
  return file;
}

/** Writes a Pulumi of that version, with all that belongs to it. */
export function writePulumi(folder: string, version: string): string {
  for (const name of ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"]) writeProgram(join(folder, name), "");
  return writeProgram(join(folder, "pulumi"), `echo v${version}`);
}

/** A go whose `build` does what the body says; there, $out is the file to write and $package what is to be built. */
export function writeGo(folder: string, build: string, version = "go1.26.8"): string {
  const body = `
if [ "$1" = version ]; then echo "go version ${version} linux/amd64"; exit; fi
out=$7; package=$8
${build}`;
  return writeProgram(join(folder, "go"), body);
}

/** For `writeGo`: writes an engine's binary as it should be. */
export const goodBinary = `printf '#!/bin/sh\\necho v3.258.0\\n' > "$out"; chmod 755 "$out"`;

/** The id of a process that has ended. */
export const deadPid = spawnSync("true").pid;

/** Whether a process does anything yet: one that has ended, and whose parent has not asked about it, does not. */
export const isRunning = (pid: number) => states("-o", "stat=", "-p", String(pid)).some(isActive);

/** The same of a process group, named after its first process. */
export const isGroupRunning = (pgid: number) =>
  states("-A", "-o", "pgid=,stat=").some((line) => line.startsWith(`${pgid} `) && isActive(line));

const isActive = (line: string) => !/\bZ\S*$/.test(line);

function states(...args: string[]): string[] {
  const { stdout } = spawnSync("ps", args, { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
}
