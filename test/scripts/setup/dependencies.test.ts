import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { whyInstall } from "../../../scripts/setup/dependencies.js";
import { until } from "../../support/until.ts";
import { RepositoryCopy } from "../support/repository-copy.ts";

const ci = "ci --ignore-scripts --include=dev --no-audit --no-fund --loglevel=error";
const installs = "rm -rf node_modules; mkdir node_modules";
const missing = "Installing dependencies with npm (node_modules is missing)\n";
const inTime = (text: string) => text.replace(/in \d+ s/, "in 0 s");

describe("whether npm has to install", () => {
  it.each([
    ["not when what the lock file asks for is there", "a", true, undefined],
    ["when there is nothing", undefined, false, "node_modules is missing"],
    ["when an installation broke off, or was somebody else's", undefined, true, "node_modules is incomplete"],
    ["when the lock file asks for something else", "b", true, "package-lock.json has changed"],
  ])("%s", (_, stamp, someModules, expected) => {
    expect(whyInstall(stamp, "a", someModules)).toBe(expected);
  });
});

describe("a task in a fresh clone", () => {
  it("installs first, and only once", async () => {
    const copy = new RepositoryCopy();
    copy.npmDoes(installs);
    const first = await copy.run(["check", "a", "b"]).ended;
    expect({ ...first, stderr: inTime(first.stderr) }).toEqual({
      code: 0,
      stdout: "checked a b\n",
      stderr: `${missing}Installed dependencies in 0 s\n`,
    });
    expect(await copy.run(["check"]).ended).toEqual({ code: 0, stdout: "checked \n", stderr: "" });
    expect(copy.npmCalls()).toEqual([ci]);
    expect(existsSync(join(copy.root, ".setup.lock"))).toBe(false);
  });

  it("installs again when the lock file has changed or node_modules is gone", async () => {
    const copy = new RepositoryCopy();
    copy.npmDoes(installs);
    await copy.run(["check"]).ended;
    copy.write("package-lock.json", "second");
    expect((await copy.run(["check"]).ended).stderr).toContain("(package-lock.json has changed)\n");
    rmSync(join(copy.root, "node_modules"), { recursive: true });
    expect((await copy.run(["check"]).ended).stderr).toContain(missing);
    expect(copy.npmCalls()).toEqual([ci, ci, ci]);
  });

  it("lets the npm that it was started by install, but not a yarn", async () => {
    const copy = new RepositoryCopy();
    copy.npmDoes(installs);
    copy.write("npm-cli.js", `require("node:fs").writeFileSync("npm-cli", process.argv.slice(2).join(" "))`);
    copy.write("package.json", `{"type": "commonjs"}`);
    writeFileSync(join(copy.root, "scripts/package.json"), `{"type": "module"}`);
    await copy.run(["check"], { env: { npm_execpath: "/opt/yarn.js" } }).ended;
    expect(copy.npmCalls()).toEqual([ci]);
    copy.write("package-lock.json", "second");
    await copy.run(["check"], { env: { npm_execpath: join(copy.root, "npm-cli.js") } }).ended;
    expect(readFileSync(join(copy.root, "npm-cli"), "utf8")).toBe(ci);
    expect(copy.npmCalls()).toEqual([ci]);
  });

  it("is installed by one of two processes; the other one waits, and uses that", async () => {
    const copy = new RepositoryCopy();
    copy.npmDoes(`${installs}; touch begun; until [ -e go-on ]; do sleep 0.02; done`);
    const first = copy.run(["check", "first"]);
    await until("npm has begun", () => existsSync(join(copy.root, "begun")));
    const second = copy.run(["check", "second"]);
    await until("the second one says that it waits", () => second.stderr() !== "");
    copy.write("go-on", "");
    expect(await first.ended).toMatchObject({ code: 0, stdout: "checked first\n" });
    expect(await second.ended).toEqual({
      code: 0,
      stdout: "checked second\n",
      stderr: `Another process (pid ${first.pid}) is setting up ${copy.root}, waiting for it\n`,
    });
    expect(copy.npmCalls()).toEqual([ci]);
  });
});

describe("an installation that does not succeed", () => {
  it("shows npm's own words and one line, and is tried again", async () => {
    const copy = new RepositoryCopy();
    copy.npmDoes("mkdir node_modules; echo npm says no >&2; exit 1");
    expect(await copy.run(["check"]).ended).toEqual({
      code: 1,
      stdout: "",
      stderr: `${missing}npm says no\nerror: npm ${ci} failed in ${copy.root}; npm's own words are above\n`,
    });
    copy.npmDoes(installs);
    expect((await copy.run(["check"]).ended).stderr).toContain("(node_modules is incomplete)\n");
  });

  it("does not count as the one before it, which it has begun to replace", async () => {
    const copy = new RepositoryCopy();
    copy.npmDoes(installs);
    await copy.run(["check"]).ended;
    copy.write("package-lock.json", "second");
    copy.npmDoes("exit 1");
    expect((await copy.run(["check"]).ended).code).toBe(1);
    copy.write("package-lock.json", "first");
    copy.npmDoes(installs);
    expect((await copy.run(["check"]).ended).stderr).toContain("(node_modules is incomplete)\n");
  });

  it("is one line without npm, and without a lock file", async () => {
    const copy = new RepositoryCopy();
    expect(await copy.run(["check"]).ended).toEqual({
      code: 1,
      stdout: "",
      stderr: `${missing}error: npm was not found on PATH; install Node.js with npm from https://nodejs.org\n`,
    });
    const file = join(copy.root, "package-lock.json");
    rmSync(file);
    expect(await copy.run(["check"]).ended).toEqual({
      code: 1,
      stdout: "",
      stderr: `error: ${file} is missing; restore it with: git checkout package-lock.json\n`,
    });
    expect(readdirSync(copy.root)).not.toContain("node_modules");
  });
});
