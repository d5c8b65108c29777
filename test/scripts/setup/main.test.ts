import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../../support/until.ts";
import { isRunning, writePulumi } from "../support/programs.ts";
import { RepositoryCopy } from "../support/repository-copy.ts";

describe("set-up that is interrupted", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("by %s ends npm and what npm has started, says so, and exits with %i", async (signal, code) => {
    const copy = new RepositoryCopy();
    copy.npmDoes("sleep 60 & echo $! > sleep-pid.new; mv sleep-pid.new sleep-pid; wait");
    const run = copy.run(["check"]);
    const pidFile = join(copy.root, "sleep-pid");
    await until("npm has started", () => existsSync(pidFile));
    process.kill(run.pid, signal);
    expect(await run.ended).toEqual({
      code,
      stdout: "",
      stderr: "Installing dependencies with npm (node_modules is missing)\ninterrupted\n",
    });
    const sleeping = Number(readFileSync(pidFile, "utf8"));
    await until("what npm has started is gone", () => !isRunning(sleeping));
    expect(existsSync(join(copy.root, ".setup.lock"))).toBe(false);
  });
});

describe("a task that is set up", () => {
  const installed = async () => {
    const copy = new RepositoryCopy();
    copy.npmDoes("mkdir node_modules");
    await copy.run(["check"]).ended;
    return copy;
  };

  it("gives its own exit code, from the repository's folder", async () => {
    const copy = await installed();
    copy.write("scripts/check.ts", "console.log(process.cwd()); process.exitCode = 5;");
    const elsewhere = join(copy.root, "elsewhere");
    mkdirSync(elsewhere);
    expect(await copy.run(["check"], { cwd: elsewhere }).ended).toEqual({
      code: 5,
      stdout: `${copy.root}\n`,
      stderr: "",
    });
  });

  it("runs Pulumi where the caller is, with its arguments, its folder and the right Node first on PATH", async () => {
    const copy = await installed();
    const folder = dirname(writePulumi(join(copy.root, "pulumi-folder"), "3.300.0"));
    const elsewhere = join(copy.root, "elsewhere");
    mkdirSync(elsewhere);
    const pulumi = `if [ "$1" = version ]; then echo v3.300.0; else echo "$*"; pwd; echo "$COMFY_ENDPOINTS_ENGINE_DIR"; fi`;
    copy.program("pulumi", pulumi);
    const run = await copy.run(["pulumi", "stack", "ls"], {
      cwd: elsewhere,
      env: { PATH: `${copy.bin}:${folder}` },
    }).ended;
    expect(run).toEqual({ code: 0, stdout: `stack ls\n${elsewhere}\n${copy.bin}\n`, stderr: "" });
  });
});
