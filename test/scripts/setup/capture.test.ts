import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { capture } from "../../../scripts/setup/capture.js";
import { until } from "../../support/until.ts";
import { script, startModule } from "../support/processes.ts";
import { isRunning, writeProgram } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Starts, in the background, a process that takes no SIGTERM and holds no pipe, and writes its id to the file. */
const stubborn = (file: string) =>
  `sh -c 'trap "" TERM; echo $$ > "${file}.new"; mv "${file}.new" "${file}"; while :; do sleep 0.1; done' >/dev/null 2>&1 &`;

const pidIn = (file: string) => Number(readFileSync(file, "utf8"));
const gone = (pid: number) => until(`process ${pid} is gone`, () => !isRunning(pid));

describe("a program that is run to its end", () => {
  it("gives its exit code and what it printed, and reads nothing", async () => {
    const program = writeProgram(
      join(tempFolder(), "program"),
      `cat; echo "$1 $WORD"; sleep 0.1; echo err >&2; exit 3`,
    );
    const pids: number[] = [];
    const texts: string[] = [];
    const run = await capture(program, ["one"], {
      env: { WORD: "two" },
      onOutput: (text) => void texts.push(text),
      onStart: (pid) => void pids.push(pid),
    });
    expect(run).toEqual({ code: 3, stdout: "one two\n", output: "one two\nerr\n" });
    expect(texts).toEqual(["one two\n", "err\n"]);
    expect(pids).toEqual([expect.any(Number)]);
  });

  it("has no exit code when a signal ends it", async () => {
    const program = writeProgram(join(tempFolder(), "program"), "kill -KILL $$");
    expect(await capture(program, [])).toEqual({ code: null, stdout: "", output: "" });
  });

  it("says why it could not be started", async () => {
    const run = await capture(join(tempFolder(), "missing"), []);
    expect(run).toMatchObject({ code: null, output: "", failure: { code: "ENOENT" } });
  });
});

describe("a program that is stopped", () => {
  it("ends with everything it has started, even what does not care for SIGTERM, and the reason is thrown", async () => {
    const folder = tempFolder();
    const file = join(folder, "pid");
    const program = writeProgram(join(folder, "program"), `${stubborn(file)}\nwait`);
    const stopping = new AbortController();
    const reason = new Error("stopped");
    const run = capture(program, [], { signal: stopping.signal });
    await until("it has started another one", () => existsSync(file));
    stopping.abort(reason);
    await expect(run).rejects.toBe(reason);
    await gone(pidIn(file));
  });

  it("may clean up", async () => {
    const folder = tempFolder();
    const program = writeProgram(
      join(folder, "program"),
      `trap 'rm "${folder}/half"; exit 1' TERM; touch "${folder}/half"; while :; do sleep 0.05; done`,
    );
    const stopping = new AbortController();
    const run = capture(program, [], { signal: stopping.signal });
    await until("it has begun", () => existsSync(join(folder, "half")));
    stopping.abort(new Error("stopped"));
    await expect(run).rejects.toThrow("stopped");
    expect(readdirSync(folder)).toEqual(["program"]);
  });

  it("is not even started when that is known before", async () => {
    const folder = tempFolder();
    const program = writeProgram(join(folder, "program"), `touch "${folder}/started"`);
    await expect(capture(program, [], { signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow("stopped");
    expect(readdirSync(folder)).toEqual(["program"]);
  });

  it("does not go on when whoever is told of its start fails", async () => {
    const program = writeProgram(join(tempFolder(), "program"), "exec sleep 60");
    let started = 0;
    const run = capture(program, [], {
      onStart: (pid) => {
        started = pid;
        throw new Error("no space left on device");
      },
    });
    await expect(run).rejects.toThrow("no space left on device");
    await gone(started);
  });

  it("is taken along by a process that leaves", async () => {
    const folder = tempFolder();
    const file = join(folder, "pid");
    const program = writeProgram(join(folder, "program"), `${stubborn(file)}\nwait`);
    const source = `
      import { existsSync } from "node:fs";
      import { capture } from ${script("setup/capture.js")};
      void capture(process.argv[1], []);
      setInterval(() => existsSync(process.argv[2]) && process.exit(4), 20);
    `;
    expect(await startModule(source, [program, file]).ended).toEqual({ code: 4, stdout: "", stderr: "" });
    await gone(pidIn(file));
  });
});
