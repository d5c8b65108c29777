import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SetupError } from "../../../scripts/setup/setup-error.js";
import { taskOf } from "../../../scripts/setup/tasks.js";
import { repository } from "../support/processes.ts";

const manifest = readFileSync(join(repository, "package.json"), "utf8");
const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };

describe("a task", () => {
  it.each([
    ["demo", "engine", "node", ["scripts/demo.ts"], false],
    ["test", "engine", "node", ["node_modules/vitest/vitest.mjs", "run", "--project=!system"], false],
    ["test:system", "node", "node", ["node_modules/vitest/vitest.mjs", "run", "--project=system"], false],
    ["check", "node", "node", ["scripts/check.ts"], false],
    ["format", "node", "node", ["node_modules/@biomejs/biome/bin/biome", "check", "--write"], false],
    ["build", "node", "node", ["scripts/build.ts"], false],
    ["faults", "engine", "node", ["test/faults/main.ts"], false],
    ["fuzz", "node", "node", ["test/fuzz/main.ts"], false],
    ["crashes", "node", "node", ["test/crashes/main.ts"], false],
    ["local", "node", "node", ["local/main.ts"], false],
    ["gateway", "node", "node", [join(repository, "gateway/main.ts"), "--listen-host", "127.0.0.1"], true],
    ["pulumi", "engine", "pulumi", [], true],
    ["stack", "node", "node", ["scripts/stack/main.ts"], false],
    ["cli", "node", "node", [join(repository, "cli/main.ts")], true],
  ])("%s needs %s, and starts %s with %j", (name, needs, runs, args, inPlace) => {
    expect(taskOf(name)).toEqual({ needs, runs, args, inPlace });
    const [file] = args;
    if (file !== undefined) expect(existsSync(join(inPlace ? "/" : repository, file))).toBe(true);
  });

  // Without exec a shell stands between: npm hands it a SIGTERM, and it dies of that alone.
  it("is what every script of package.json starts by its name", () => {
    expect(Object.keys(scripts)).toContain("demo");
    for (const [name, line] of Object.entries(scripts)) {
      expect(line).toBe(`exec node scripts/run.js ${name}`);
      expect(() => taskOf(name)).not.toThrow();
    }
  });

  it.each(["nonsense", "", "toString", "__proto__"])("is refused by the name of %j, with those there are", (name) => {
    const names = [...Object.keys(scripts), "stack", "cli"].join(", ");
    expect(() => taskOf(name)).toThrow(new SetupError(`no task "${name}"; there are ${names}`));
  });
});
