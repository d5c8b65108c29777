import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { exitCodeOf, runChild } from "../../../scripts/setup/run-child.js";
import { until } from "../../support/until.ts";
import { script, startModule } from "../support/processes.ts";
import { isGroupRunning, writeProgram } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Prints each signal it gets, and ends with exit code 7 when its stdin does. */
const listener = `
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => console.log(signal));
  process.stdin.on("end", () => process.exit(7)).resume();
  console.log("child " + process.pid);
`;
const parent = `
  import { runChild } from ${script("setup/run-child.js")};
  const [code] = process.argv.slice(1);
  process.exitCode = await runChild(process.execPath, ["-e", code], { cwd: "/", env: {} });
`;

/** Far longer than it takes, also on a busy machine, to decide whether a signal is passed on. */
const settled = () => sleep(1_000);

async function startFamily() {
  const family = startModule(parent, [listener]);
  await family.prints("child ");
  return {
    toAll: (signal: NodeJS.Signals) => process.kill(-family.pid, signal),
    toParent: (signal: NodeJS.Signals) => process.kill(family.pid, signal),
    /** Waits for the signals that the child gets, then for one too many. */
    childGets: async (...signals: string[]) => {
      await family.prints(signals.at(-1) ?? "");
      await settled();
      expect(family.stdout().split("\n").slice(1, -1)).toEqual(signals);
    },
    end: async () => {
      family.closeStdin();
      expect((await family.ended).code).toBe(7);
      await until("nobody of them is left", () => !isGroupRunning(family.pid));
    },
  };
}

describe("a signal reaches the child exactly once", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("when %s is sent to the parent only, as kill does", async (signal) => {
    const { toParent, childGets, end } = await startFamily();
    toParent(signal);
    await childGets(signal);
    await end();
  });

  it("when it is sent to all of them, as Ctrl-C does", async () => {
    const { toAll, childGets, end } = await startFamily();
    toAll("SIGINT");
    await childGets("SIGINT");
    await end();
  });

  it("when it is sent to all of them, and npm passes it on to the parent as well", async () => {
    const { toAll, toParent, childGets, end } = await startFamily();
    toAll("SIGINT");
    await sleep(20);
    toParent("SIGINT");
    await childGets("SIGINT");
    await end();
  });

  it("each time that the user means it", async () => {
    const { toAll, toParent, childGets, end } = await startFamily();
    toAll("SIGINT");
    await settled();
    toParent("SIGTERM");
    await childGets("SIGINT", "SIGTERM");
    await end();
  });
});

describe("a child that ends", () => {
  const run = (body: string) => {
    const folder = tempFolder();
    return runChild(writeProgram(`${folder}/program`, body), [], { cwd: folder, env: {} });
  };

  it("gives its exit code", async () => {
    expect(await run("exit 0")).toBe(0);
    expect(await run("exit 9")).toBe(9);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGKILL", 137],
    ["SIGTERM", 143],
  ] as const)("of %s gives what a shell would, %i", async (signal, code) => {
    expect(exitCodeOf(signal)).toBe(code);
    expect(await run(`kill -${signal.slice(3)} $$`)).toBe(code);
  });

  it("at once on Ctrl-C leaves no process behind", async () => {
    const family = startModule(parent, [`console.log("child"); setInterval(() => undefined, 1000);`]);
    await family.prints("child");
    process.kill(-family.pid, "SIGINT");
    expect(await family.ended).toEqual({ code: 130, stdout: "child\n", stderr: "" });
    await until("nobody of them is left", () => !isGroupRunning(family.pid));
  });

  it("leaves this process's own signals as they were", async () => {
    const before = ["SIGINT", "SIGTERM"].map((signal) => process.listenerCount(signal));
    await run("exit 0");
    expect(["SIGINT", "SIGTERM"].map((signal) => process.listenerCount(signal))).toEqual(before);
  });

  it("fails when it cannot be started", async () => {
    const folder = tempFolder();
    await expect(runChild(`${folder}/missing`, [], { cwd: folder, env: {} })).rejects.toThrow("ENOENT");
  });
});
