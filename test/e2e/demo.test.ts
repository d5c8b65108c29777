import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { block, notPrinted } from "../support/documents.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dirname, "../..");

interface DemoRun {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
  /** Where the demo keeps what it needs for a while. */
  temporary: string;
}

const runs: DemoRun[] = [];

function startDemo(): DemoRun {
  const temporary = mkdtempSync(join(tmpdir(), "comfy-endpoints-demo-test-"));
  // A group of its own, as a shell gives every command: a terminal's Ctrl-C goes to all of it.
  const child = spawn(process.execPath, ["scripts/demo.ts"], {
    cwd: root,
    detached: true,
    env: { ...process.env, TMPDIR: temporary },
  });
  let output = "";
  const keep = (chunk: Buffer) => (output += chunk.toString());
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const run = { child, output: () => output, ended, temporary };
  runs.push(run);
  return run;
}

/** No process, no pod, no port, no file. */
async function expectNothingLeft({ output, temporary }: DemoRun): Promise<void> {
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0];
  if (url !== undefined) await expect(fetch(`${url}/local`)).rejects.toThrow("fetch failed");
  expect(processesIn(temporary)).toEqual([]);
  expect(readdirSync(temporary).filter((name) => name.startsWith("comfy-endpoints-demo"))).toEqual([]);
}

/** Command lines of the processes that were started with that folder as their place for temporary files. */
function processesIn(folder: string): string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const mentions = ["environ", "cmdline"].map((file) => readFileSync(`/proc/${pid}/${file}`, "utf8"));
        return mentions.some((text) => text.includes(folder)) ? [mentions[1]?.replaceAll("\0", " ") ?? ""] : [];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}

afterEach(() => {
  for (const { child, temporary } of runs.splice(0)) {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    rmSync(temporary, { recursive: true, force: true });
  }
});

describe.skipIf(!existsSync("/proc"))("npm run demo", () => {
  it("deploys, makes a picture, changes nothing the second time, and leaves nothing behind", async () => {
    const run = startDemo();
    expect(await run.ended, run.output()).toBe(0);
    const shown = block("README.md#try-it-two-commands-no-account-no-gpu:2");
    expect(notPrinted(run.output(), shown), run.output()).toBeUndefined();
    const picture = /demo-output\/\w+\.png/.exec(run.output())?.[0] ?? "";
    expect(readFileSync(join(root, picture)).subarray(1, 4).toString()).toBe("PNG");
    await expectNothingLeft(run);
  });

  it.each([
    ["while it starts", "Starting a RunPod"],
    ["while the first resource is made", "endpoint-owner creating"],
    ["while the pod is made", "endpoint-pod creating"],
    ["while the endpoint becomes ready", "endpoint-ready creating"],
    ["while the picture is made", "POST /run"],
    ["while pulumi runs again", "pulumi up again"],
    ["while it is taken down", "▸ pulumi destroy"],
  ])("leaves nothing behind when Ctrl-C is pressed %s", async (_, moment) => {
    const run = startDemo();
    await until(moment, () => run.output().includes(moment), 60);
    process.kill(-(run.child.pid ?? 0), "SIGINT");
    expect([0, 130], run.output()).toContain(await run.ended);
    expect(run.output()).not.toMatch(/\n\s+at /);
    await expectNothingLeft(run);
  });
});
