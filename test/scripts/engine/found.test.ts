import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { engine, engineEnv } from "../../../scripts/engine/index.js";
import { engineVersion } from "../../../scripts/engine/version.js";
import { writeProgram, writePulumi } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Looks for an engine, and says nothing about it. */
const find = (env: Record<string, string>) => engine({ env, onProgress: (line) => expect.fail(line) });

describe("an engine that is there already", () => {
  it("is the one in the folder that is given, whatever else there is", async () => {
    const folder = tempFolder();
    const given = dirname(writePulumi(join(folder, "given"), "3.1.0"));
    const PATH = dirname(writePulumi(join(folder, "path"), "3.300.0"));
    expect(await find({ COMFY_ENDPOINTS_ENGINE_DIR: given, PATH, HOME: folder })).toEqual({
      binDir: given,
      pulumi: join(given, "pulumi"),
      version: "3.1.0",
      source: "given",
    });
    expect((await find({ COMFY_ENDPOINTS_ENGINE_DIR: relative(".", given), HOME: folder })).binDir).toBe(given);
  });

  it.each(["", "/nowhere"])("is the one on PATH when the given folder, %j, has none", async (given) => {
    const folder = tempFolder();
    const pulumi = writePulumi(join(folder, "path"), "3.258.0");
    expect(await find({ COMFY_ENDPOINTS_ENGINE_DIR: given, PATH: dirname(pulumi), HOME: folder })).toEqual({
      binDir: dirname(pulumi),
      pulumi,
      version: "3.258.0",
      source: "path",
    });
  });

  it("is the one in the cache when the one on PATH is too old", async () => {
    const folder = tempFolder();
    const PATH = dirname(writePulumi(join(folder, "path"), "3.257.0"));
    const binDir = join(folder, "cache/engine", engineVersion, "bin");
    writePulumi(binDir, engineVersion);
    expect(await find({ PATH, COMFY_ENDPOINTS_CACHE_DIR: join(folder, "cache") })).toEqual({
      binDir,
      pulumi: join(binDir, "pulumi"),
      version: engineVersion,
      source: "cache",
    });
  });
});

describe("the environment of an engine", () => {
  const found = (binDir: string) =>
    ({ binDir, pulumi: join(binDir, "pulumi"), version: "3.258.0", source: "path" }) as const;

  it("has it first on PATH, then the right Node, and keeps it from looking for updates, and for plugins before they are needed", () => {
    const binDir = tempFolder();
    expect(engineEnv(found(binDir), { PATH: "/usr/bin", KEPT: "1" }, "/node24/bin/node")).toEqual({
      PATH: `${binDir}:/node24/bin:/usr/bin`,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL: "true",
      KEPT: "1",
    });
  });

  it("has the right Node first where another one lies beside the engine", () => {
    const binDir = tempFolder();
    writeProgram(join(binDir, "node"), "");
    expect(engineEnv(found(binDir), { PATH: binDir }, "/node24/bin/node").PATH).toBe(`/node24/bin:${binDir}`);
  });

  it("leaves what the user has decided", () => {
    const binDir = tempFolder();
    const env = engineEnv(found(binDir), { PULUMI_SKIP_UPDATE_CHECK: "false" }, "/node24/bin/node");
    expect(env.PULUMI_SKIP_UPDATE_CHECK).toBe("false");
  });
});
