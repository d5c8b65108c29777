import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addApps } from "../../cli/groups/apps.ts";
import { addCompletion } from "../../cli/groups/completion.ts";
import { addDeployments } from "../../cli/groups/deployments.ts";
import { addEndpoints } from "../../cli/groups/endpoints.ts";
import { addFiles } from "../../cli/groups/files.ts";
import { addImage } from "../../cli/groups/image.ts";
import { addInvoke } from "../../cli/groups/invoke.ts";
import { addJobs } from "../../cli/groups/jobs.ts";
import { addModels } from "../../cli/groups/models.ts";
import { inlineCode } from "../support/documents.ts";

const root = join(import.meta.dirname, "../..");
const program = new Command("cend").option("--state-dir <dir>").option("--json");
for (const add of [addApps, addDeployments, addInvoke, addJobs, addFiles, addEndpoints, addModels, addImage]) {
  add(program, () => Promise.resolve());
}
addCompletion(program, () => Promise.resolve());

/** What is wrong with the words after `cend`; undefined when nothing is. */
function mistake(words: readonly string[]): string | undefined {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
  }
  if (command === program) return `no command ${words[0] ?? ""}`;
  const flags = ["--help", ...[command, program].flatMap(({ options }) => options.flatMap(({ long }) => long ?? []))];
  return words.find((word) => word.startsWith("--") && !flags.includes(word));
}

describe("commands that a sentence names", () => {
  it("are commands of cend, with their flags", () => {
    const named = inlineCode.flatMap((code) => /(?:^|[(\s])(?:\.\/)?cend ([a-z][^)]*)/.exec(code)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((words) => mistake(words.split(" ")) !== undefined)).toEqual([]);
  });

  it("are scripts of npm", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const named = inlineCode.flatMap((code) => /\bnpm (?:run )?([a-z:]+)/.exec(code)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => name !== "install" && !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it("are all that cend has, in the README's table", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const [, table = ""] = /\n\| Command \| Does \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(readme) ?? [];
    const told = table
      .split("\n")
      .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([a-z-]+)[^`]*`/g)].map(([, name]) => name));
    const shells = ["zsh", "fish"];
    const visible = program.commands.map((each) => each.name()).filter((name) => !name.startsWith("__"));
    expect([...new Set(told)].filter((name) => !shells.includes(name ?? "")).sort()).toEqual(visible.sort());
  });
});
