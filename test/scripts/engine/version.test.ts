import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { engineVersion, isRecent, oldestGo, versionIn } from "../../../scripts/engine/version.js";
import { repository } from "../support/processes.ts";

describe("a version", () => {
  it.each([
    ["v3.258.0\n", "3.258.0"],
    ["v3.259.0-alpha.1+dirty", "3.259.0-alpha.1"],
    ["go version go1.26.8 linux/amd64", "1.26.8"],
    ["go version go1.27 linux/amd64", "1.27"],
    ["command not found", undefined],
    ["", undefined],
  ])("is found in %j: %s", (text, expected) => {
    expect(versionIn(text)).toBe(expected);
  });

  it.each([
    ["3.258.0", true],
    ["3.258.1", true],
    ["3.300.0", true],
    ["3.259.0-alpha.1", true],
    ["3.258.0-alpha.1", false],
    ["3.257.9", false],
    ["3.30.0", false],
    ["2.999.0", false],
    ["4.0.0", false],
    ["3.258", true],
    ["3", false],
  ])("%s is recent enough for 3.258.0: %s", (version, expected) => {
    expect(isRecent(version, "3.258.0")).toBe(expected);
  });
});

describe("the engine's version", () => {
  it("is that of the package @pulumi/pulumi, and of the module it is built from", () => {
    const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(engineVersion).toBe(manifest.dependencies["@pulumi/pulumi"]);
    expect(goMod("pulumi")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${engineVersion}\n`);
  });

  it("needs the Go that the more demanding one of its modules asks for", () => {
    const asked = ["pulumi", "language-nodejs"].map((module) => /^go (.+)$/m.exec(goMod(module))?.[1] ?? "");
    expect(asked).toContain(oldestGo);
    for (const version of asked) expect(isRecent(oldestGo, version)).toBe(true);
  });
});

const goMod = (module: string) => readFileSync(join(repository, "scripts/engine", module, "go.mod"), "utf8");
