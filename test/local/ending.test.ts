import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Access } from "../../local/welcome.ts";
import { contractDocument, workflowDocument } from "../support/apps.ts";
import { until } from "../support/until.ts";
import { wish } from "./renting.ts";

let folder: string;
let program: ChildProcess;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "local-ending-test-"));
});
afterEach(() => {
  program.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Process {
  pid: number;
  command: string;
}

/** What was started by a process, directly or not, and by which command. */
function descendants(pid: number): Process[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const [, child, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      // The ps itself is gone when its answer is read.
      return child === undefined || /^ps -A/.test(command)
        ? []
        : { pid: Number(child), parent: Number(parent), command };
    });
  const below = (of: number): Process[] =>
    rows.filter(({ parent }) => parent === of).flatMap((row) => [row, ...below(row.pid)]);
  return below(pid);
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** `npm run local` with a pod in it that runs the gateway, and the gateway ComfyUI; answers all their processes. */
async function startWithPod(env: Record<string, string> = {}): Promise<Process[]> {
  program = spawn(process.execPath, [resolve(import.meta.dirname, "../../local/main.ts"), "--port", "0"], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(program.stdout as NonNullable<typeof program.stdout>, "data")) as [Buffer];
  const { apiBaseUrl, apiKey } = JSON.parse(line.toString()) as Access;
  const podEnv = {
    COMFY_ENDPOINTS_API_KEY: "key-of-the-endpoint",
    COMFY_ENDPOINTS_CONTRACT_JSON: JSON.stringify(contractDocument),
    COMFY_ENDPOINTS_WORKFLOW_JSON: JSON.stringify(workflowDocument),
    ...env,
  };
  const input = { ...wish, ports: "8080/http", env: Object.entries(podEnv).map(([key, value]) => ({ key, value })) };
  const answer = await fetch(`${apiBaseUrl}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({
      query: "mutation($input: PodFindAndDeployOnDemandInput) { podFindAndDeployOnDemand(input: $input) { id } }",
      variables: { input },
    }),
  });
  expect(await answer.json()).not.toHaveProperty("errors");
  let found: Process[] = [];
  const last = env["COMFY_START_COMMAND"] === undefined ? /local\/comfyui\/main\.ts/ : /sleep 601/;
  await until("ComfyUI runs", () => {
    found = descendants(program.pid ?? 0);
    return found.some(({ command }) => last.test(command));
  });
  // The supervisor, the gateway and ComfyUI.
  expect(found.length).toBeGreaterThanOrEqual(3);
  return found;
}

const survivors = (processes: readonly Process[]) => processes.filter(({ pid }) => alive(pid));

describe("the local RunPod takes along all that its pods have started", () => {
  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("when it is told to end by %s", async (signal) => {
    const processes = await startWithPod();
    program.kill(signal);
    expect(await once(program, "exit")).toEqual([0, null]);
    await until("all have ended", () => survivors(processes).length === 0, 2);
  });

  const stubborn = { COMFY_START_COMMAND: `sh -c 'trap "" TERM INT; sleep 601 & while :; do wait; sleep 1; done'` };

  it("also what does not listen to SIGTERM", async () => {
    const processes = await startWithPod(stubborn);
    program.kill("SIGTERM");
    expect(await once(program, "exit")).toEqual([0, null]);
    // An orphan is dead at once, but counts until init has taken note of it.
    await until("all have ended", () => survivors(processes).length === 0, 2);
  });

  it.each([
    ["ComfyUI", {}],
    ["what does not listen to SIGTERM", stubborn],
  ])("some seconds later when it is killed without a warning: %s", async (_, env) => {
    const processes = await startWithPod(env);
    program.kill("SIGKILL");
    await until("all have ended", () => survivors(processes).length === 0, 10);
  });
});
