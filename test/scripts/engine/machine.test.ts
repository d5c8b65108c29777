import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { goOnMachine, pulumiOnMachine, pulumiVersion } from "../../../scripts/engine/machine.js";
import { writeGo, writeProgram, writePulumi } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

const path = (...folders: string[]) => ({ PATH: folders.join(delimiter) });

describe("the pulumi on the machine", () => {
  it("is the first one on PATH, with its version", async () => {
    const folder = tempFolder();
    const first = writePulumi(join(folder, "first"), "3.100.0");
    writePulumi(join(folder, "second"), "3.300.0");
    expect(await pulumiOnMachine(path(join(folder, "first"), join(folder, "second")))).toEqual({
      file: first,
      version: "3.100.0",
      complete: true,
    });
  });

  it.each(["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"])("is not complete without %s", async (name) => {
    const folder = tempFolder();
    const file = writePulumi(folder, "3.300.0");
    rmSync(join(folder, name));
    expect(await pulumiOnMachine(path(folder))).toEqual({ file, version: "3.300.0", complete: false });
  });

  it("is complete with the rest elsewhere on PATH, or beside what a link leads to", async () => {
    const folder = tempFolder();
    const whole = writePulumi(join(folder, "whole"), "3.300.0");
    const alone = writeProgram(join(folder, "alone/pulumi"), "echo v3.300.0");
    mkdirSync(join(folder, "links"));
    symlinkSync(whole, join(folder, "links/pulumi"));
    expect((await pulumiOnMachine(path(dirname(alone))))?.complete).toBe(false);
    expect((await pulumiOnMachine(path(dirname(alone), dirname(whole))))?.complete).toBe(true);
    expect((await pulumiOnMachine(path(join(folder, "links"))))?.complete).toBe(true);
  });

  it("is none when there is none, or when it does not run", async () => {
    const folder = tempFolder();
    expect(await pulumiOnMachine(path(folder))).toBeUndefined();
    writeProgram(join(folder, "pulumi"), "echo v3.300.0; exit 1");
    expect(await pulumiOnMachine(path(folder))).toBeUndefined();
  });

  it("is not made to look for updates when it is asked for its version", async () => {
    const program = writeProgram(join(tempFolder(), "pulumi"), 'echo "v3.1.0-$PULUMI_SKIP_UPDATE_CHECK.$1"');
    expect(await pulumiVersion(program, {})).toBe("3.1.0-true.version");
  });
});

describe("the go on the machine", () => {
  it("is the first one on PATH, with its own version instead of a toolchain's that it would download", async () => {
    const folder = tempFolder();
    const file = writeProgram(join(folder, "go"), 'echo "go version go1.26.8-$GOTOOLCHAIN linux/amd64"');
    expect(await goOnMachine(path(folder))).toEqual({ file, version: "1.26.8-local" });
  });

  it("is none when there is none, or when it does not run", async () => {
    const folder = tempFolder();
    expect(await goOnMachine(path(folder))).toBeUndefined();
    writeProgram(join(folder, "go"), "echo no version is set >&2; exit 126");
    expect(await goOnMachine(path(folder))).toBeUndefined();
    writeGo(folder, "exit 1");
    expect(await goOnMachine(path(folder))).toMatchObject({ version: "1.26.8" });
  });
});
