import { appendFileSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isAlive, withLock } from "../../../scripts/setup/lock.js";
import { script, startModule } from "../support/processes.ts";
import { deadPid } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Holds the lock until its stdin ends; together with the process that the second argument names, if any. */
const holder = `
  import { withLock } from ${script("setup/lock.js")};
  const [file, companion] = process.argv.slice(1);
  const onWait = (pid) => console.log("waits for " + pid);
  await withLock(file, { onWait }, async (alsoHeldBy) => {
    if (companion !== undefined) alsoHeldBy(Number(companion));
    console.log("in");
    for await (const chunk of process.stdin);
    console.log("out");
  });
`;

/** Goes in and out three times, and writes that down. */
const visitor = `
  import { appendFileSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  import { withLock } from ${script("setup/lock.js")};
  const [file, log] = process.argv.slice(1);
  for (let visit = 0; visit < 3; visit += 1) {
    await withLock(file, { onWait: () => undefined }, async () => {
      appendFileSync(log, process.pid + " in\\n");
      await sleep(5);
      appendFileSync(log, process.pid + " out\\n");
    });
  }
`;

const noWait = { onWait: (pid: number) => expect.fail(`waited for ${pid}`) };
const enter = (file: string) => withLock(file, noWait, () => Promise.resolve("in"));

describe("a lock that somebody holds", () => {
  it("keeps a second process out until the first one leaves, and is gone after both", async () => {
    const folder = tempFolder();
    const first = startModule(holder, [join(folder, "lock")]);
    await first.prints("in\n");
    const second = startModule(holder, [join(folder, "lock")]);
    await second.prints(`waits for ${first.pid}\n`);
    expect(second.stdout()).toBe(`waits for ${first.pid}\n`);
    first.closeStdin();
    await second.prints("in\n");
    expect(first.stdout()).toBe("in\nout\n");
    second.closeStdin();
    expect(await second.ended).toEqual({ code: 0, stdout: `waits for ${first.pid}\nin\nout\n`, stderr: "" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is waited for only as long as the waiting process is not told to give up", async () => {
    const file = join(tempFolder(), "lock");
    writeFileSync(file, `${process.pid} another\n`);
    const giveUp = new AbortController();
    const reason = new Error("enough");
    const waiting = withLock(file, { onWait: () => giveUp.abort(reason), signal: giveUp.signal }, () =>
      expect.fail("got in"),
    );
    await expect(waiting).rejects.toBe(reason);
    expect(readFileSync(file, "utf8")).toBe(`${process.pid} another\n`);
  });

  it("is released when the work throws, and the error is handed on as it is", async () => {
    const folder = tempFolder();
    const error = new Error("work failed");
    await expect(withLock(join(folder, "lock"), noWait, () => Promise.reject(error))).rejects.toBe(error);
    expect(readdirSync(folder)).toEqual([]);
    expect(await enter(join(folder, "lock"))).toBe("in");
  });

  it("is left alone by a process that it was taken away from meanwhile", async () => {
    const file = join(tempFolder(), "lock");
    await withLock(file, noWait, () => writeFile(file, "1 another\n"));
    expect(readFileSync(file, "utf8")).toBe("1 another\n");
  });
});

describe("a lock that nobody holds any more", () => {
  it("is taken over at once when its process was killed", async () => {
    const folder = tempFolder();
    const killed = startModule(holder, [join(folder, "lock")]);
    await killed.prints("in\n");
    process.kill(killed.pid, "SIGKILL");
    expect((await killed.ended).code).toBe("SIGKILL");
    expect(await enter(join(folder, "lock"))).toBe("in");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is taken over only when the child process that the killed one named has ended too", async () => {
    const file = join(tempFolder(), "lock");
    const companion = startModule("process.stdin.resume()");
    const killed = startModule(holder, [file, String(companion.pid)]);
    await killed.prints("in\n");
    process.kill(killed.pid, "SIGKILL");
    await killed.ended;
    const next = startModule(holder, [file]);
    await next.prints(`waits for ${killed.pid}\n`);
    expect(next.stdout()).toBe(`waits for ${killed.pid}\n`);
    companion.closeStdin();
    await next.prints("in\n");
    expect((await companion.ended).code).toBe(0);
  });

  it.each([
    ["of a dead process", `${deadPid} gone\n`, 0],
    ["without an owner", "", 0],
    ["untouched for more than five minutes, its pid having gone to another program", `${process.pid} old\n`, 301],
  ])("is taken over: one %s", async (_, text, age) => {
    const file = join(tempFolder(), "lock");
    writeFileSync(file, text);
    utimesSync(file, new Date(), new Date(Date.now() - age * 1000));
    expect(await enter(file)).toBe("in");
  });

  it("goes to one process at a time, however many find it", async () => {
    const folder = tempFolder();
    const [file, log] = [join(folder, "lock"), join(folder, "log")];
    writeFileSync(file, `${deadPid} gone\n`);
    appendFileSync(log, "");
    const visitors = Array.from({ length: 4 }, () => startModule(visitor, [file, log]));
    for (const { ended } of visitors) expect(await ended).toEqual({ code: 0, stdout: "", stderr: "" });
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(4 * 3 * 2);
    for (let line = 0; line < lines.length; line += 2) {
      expect(lines[line]).toMatch(/ in$/);
      expect(lines[line + 1]).toBe(lines[line]?.replace(" in", " out"));
    }
    expect(readdirSync(folder)).toEqual(["log"]);
  });
});

it("tells a living process, whoever owns it, from one that has ended", () => {
  expect([process.pid, 1, deadPid].map(isAlive)).toEqual([true, true, false]);
});
