import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repository, startNode } from "./support/processes.ts";

const run = join(repository, "scripts/run.js");

it.each([
  ["nonsense", ["nonsense"]],
  ["", []],
])("refuses a task %j in one line, with the names of those there are", async (name, args) => {
  const { scripts } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { scripts: object };
  expect(await startNode([run, ...args]).ended).toEqual({
    code: 1,
    stdout: "",
    stderr: `error: no task "${name}"; there are ${[...Object.keys(scripts), "stack", "cli"].join(", ")}\n`,
  });
});

it("tells a Node that is too old so in one line", async () => {
  const pretend = `Object.defineProperty(process, "versions", { value: { node: "18.20.4" } })`;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`, run, "check"];
  expect(await startNode(args).ended).toEqual({
    code: 1,
    stdout: "",
    stderr: "error: Node.js 18.20.4 is too old; install Node.js 20 or newer from https://nodejs.org\n",
  });
});
