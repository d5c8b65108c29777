import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ComfyProcessOptions, createComfyProcess } from "../../../gateway/comfy/process.ts";
import type { ComfyServer } from "../../../gateway/comfy/server.ts";
import { createLog } from "../../../gateway/log.ts";
import { until } from "../../support/until.ts";

let folder: string;
let comfy: ComfyServer;
let lines: { msg: string; line?: string; reason?: string }[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-process-"));
  lines = [];
});
afterEach(async () => {
  await comfy.stop();
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;
/** Starts a shell script in ComfyUI's place. */
const start = (script: string, options: Partial<ComfyProcessOptions> = {}): void => {
  writeFileSync(join(folder, "script"), script);
  comfy = createComfyProcess({
    command: ["sh", join(folder, "script")],
    env: { PATH: process.env["PATH"] ?? "", FOLDER: folder },
    answers: () => Promise.resolve(true),
    log: createLog((line) => lines.push(JSON.parse(line) as (typeof lines)[number])),
    ...{ probeMs: 5, restartMs: 5, killAfterMs: 100 },
    ...options,
  });
  comfy.start();
};
const starts = (): number[] => {
  try {
    return readFileSync(join(folder, "pids"), "utf8").trim().split("\n").map(Number);
  } catch {
    return [];
  }
};
/** Ends it once it is up for the so manieth time. */
const kill = async (life: number): Promise<void> => {
  await until(`life ${life} is up`, () => starts().length === life && comfy.state().kind === "up");
  process.kill(starts().at(-1) ?? 0, "SIGKILL");
};
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("ComfyUI's process", () => {
  it("is up when it answers, and what it writes is in the log", async () => {
    start("echo hello; echo oops >&2; exec cat");
    await comfy.whenUp(never);
    expect(comfy.state()).toEqual({ kind: "up" });
    await until("its lines are logged", () => lines.filter(({ msg }) => msg === "comfyui").length === 2);
    expect(lines.flatMap(({ line }) => line ?? []).sort()).toEqual(["hello", "oops"]);
  });

  it("is started again when it dies", async () => {
    start('echo $$ >> "$FOLDER/pids"; exec cat');
    await until("it runs", () => starts().length === 1 && comfy.state().kind === "up");
    process.kill(starts()[0] ?? 0, "SIGKILL");
    await until("it runs again", () => starts().length === 2 && comfy.state().kind === "up");
    expect(lines.find(({ msg }) => msg === "comfyui ended")?.reason).toBe("it was ended by SIGKILL");
  });

  it("is started again when told to", async () => {
    start('echo $$ >> "$FOLDER/pids"; exec cat');
    await until("it runs", () => starts().length === 1 && comfy.state().kind === "up");
    comfy.free("p1");
    await until("it runs again", () => starts().length === 2 && comfy.state().kind === "up");
  });

  it("is given up after three starts that never came up", async () => {
    start('echo $$ >> "$FOLDER/pids"; exit 3', { answers: () => Promise.resolve(false) });
    await expect(comfy.whenUp(never)).rejects.toThrow("ComfyUI does not start: it ended with code 3");
    expect(starts()).toHaveLength(3);
    expect(comfy.state()).toEqual({ kind: "failed", reason: "ComfyUI does not start: it ended with code 3" });
  });

  it("is given up after three starts that came up and ended before it was of use", async () => {
    start('echo $$ >> "$FOLDER/pids"; exec cat');
    for (const life of [1, 2, 3]) await kill(life);
    const reason = "ComfyUI does not stay up: it was ended by SIGKILL";
    await until("it is given up", () => comfy.state().kind === "failed");
    expect(comfy.state()).toEqual({ kind: "failed", reason });
    expect(starts()).toHaveLength(3);
  });

  it("that hangs is replaced, and given up for that reason when the next ones hang too", async () => {
    start('echo $$ >> "$FOLDER/pids"; exec cat');
    const reason = "it does not answer (nothing came for 30 s)";
    for (const life of [1, 2, 3]) {
      await until(`life ${life} is up`, () => starts().length === life && comfy.state().kind === "up");
      comfy.replace(reason);
      // At once: nobody asks the one that goes.
      expect(comfy.state()).toEqual({ kind: "starting", detail: `ComfyUI is started again: ${reason}` });
    }
    await expect(comfy.whenUp(never)).rejects.toThrow(`ComfyUI does not stay up: ${reason}`);
    expect(starts().map(alive)).toEqual([false, false, false]);
  });

  it("that was of use is started again however often it ends", async () => {
    start('echo $$ >> "$FOLDER/pids"; exec cat');
    await comfy.whenUp(never);
    comfy.accept();
    for (const life of [1, 2, 3, 4, 5]) await kill(life);
    await until("it is up again", () => starts().length === 6 && comfy.state().kind === "up");
  });

  it("that was of use is given more tries to come up again, and is given up in the end", async () => {
    start('echo $$ >> "$FOLDER/pids"; [ -e "$FOLDER/broken" ] && exit 3; exec cat', {
      answers: () => Promise.resolve(!existsSync(join(folder, "broken"))),
      restartMs: 1,
    });
    await until("it runs", () => starts().length === 1 && comfy.state().kind === "up");
    comfy.accept();
    writeFileSync(join(folder, "broken"), "");
    process.kill(starts()[0] ?? 0, "SIGKILL");
    const reason = "ComfyUI does not start any more: it ended with code 3";
    await until("it is given up", () => comfy.state().kind === "failed");
    expect([comfy.state(), starts().length]).toEqual([{ kind: "failed", reason }, 9]);
    await expect(comfy.whenUp(never)).rejects.toThrow(reason);
  });

  it("is ended when it does not come up in time", async () => {
    start('echo $$ >> "$FOLDER/pids"; exec cat', { answers: () => Promise.resolve(false), startTimeoutMs: 50 });
    await expect(comfy.whenUp(never)).rejects.toThrow("ComfyUI does not start: it did not answer within 0.05 s");
    expect(starts().map(alive)).toEqual([false, false, false]);
  });

  it("ends with everything it started, also when it ignores the wish", async () => {
    start(`trap '' TERM; sleep 600 & echo $! >> "$FOLDER/pids"; echo $$ >> "$FOLDER/pids"; while :; do sleep 1; done`);
    await until("it runs", () => starts().length === 2);
    await comfy.stop();
    await until("its child is gone too", () => !starts().some(alive));
    expect(starts()).toHaveLength(2);
  });
});
