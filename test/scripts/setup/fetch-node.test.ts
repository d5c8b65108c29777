import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { startModule } from "../support/processes.ts";
import { writeProgram } from "../support/programs.ts";
import { RepositoryCopy } from "../support/repository-copy.ts";

const rebuild = "rebuild node --ignore-scripts=false --no-audit --no-fund --loglevel=error";

/** Fetches Node into a copy of the repository; the shell stands for the npm package's install script. */
async function fetchWith(copy: RepositoryCopy, install: string) {
  mkdirSync(join(copy.root, "node_modules/node"), { recursive: true });
  writeFileSync(join(copy.root, "node_modules/node/package.json"), '{"version": "24.1.0"}');
  const nodeToBe = writeProgram(join(copy.root, "prepared"), install);
  copy.npmDoes(`mkdir -p node_modules/node/bin; cp "${nodeToBe}" node_modules/node/bin/node`);
  const source = `
    const { fetchNode } = await import(process.argv[1]);
    const options = { env: { PATH: process.argv[2] }, onStart: () => undefined };
    try {
      console.log(await fetchNode({ onProgress: console.log }, options));
    } catch (error) {
      console.error(error.name + ": " + error.message);
    }
  `;
  const file = pathToFileURL(join(copy.root, "scripts/setup/node.js")).href;
  return startModule(source, [file, copy.bin]).ended;
}

it("fetches the Node of the npm package, when it runs", async () => {
  const copy = new RepositoryCopy();
  const { stdout, stderr } = await fetchWith(copy, "echo v24.1.0");
  expect(stderr).toBe("");
  expect(stdout.replace(/in \d+ s/, "in 0 s")).toBe(
    `Fetching Node.js 24.1.0 into node_modules (the one here is ${process.versions.node})\n` +
      `Fetched Node.js 24.1.0 in 0 s\n${join(copy.root, "node_modules/node/bin/node")}\n`,
  );
  expect(copy.npmCalls()).toEqual([rebuild]);
});

it.each([
  ["does not run on this machine", "exit 1"],
  ["is too old", "echo v22.9.0"],
])("leaves no Node behind that %s", async (_, install) => {
  const copy = new RepositoryCopy();
  const { stderr } = await fetchWith(copy, install);
  expect(stderr).toBe(
    `SetupError: the npm package node@24.1.0 has no binary that runs on ${process.platform}-${process.arch}; ` +
      "install Node.js 24 or newer from https://nodejs.org\n",
  );
  expect(existsSync(join(copy.root, "node_modules/node/bin/node"))).toBe(false);
});
