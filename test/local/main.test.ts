import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Access } from "../../local/welcome.ts";
import { until } from "../support/until.ts";

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "local-main-test-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts it with its temporary files in the test's folder. */
function start(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, "../../local/main.ts"), ...args], {
    env: { ...process.env, TMPDIR: folder, ...env },
  });
  children.push(child);
  const started = { child, stdout: "", stderr: "", ended: once(child, "close") as Promise<[number | null]> };
  child.stdout.on("data", (chunk: Buffer) => (started.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (started.stderr += chunk.toString()));
  return started;
}
const accessOf = async (program: ReturnType<typeof start>): Promise<Access> => {
  await until("it answers", () => program.stdout.includes("\n"));
  return JSON.parse(program.stdout) as Access;
};
// As far as Node tells a program, its stdout is a terminal.
const onTerminal = { NODE_OPTIONS: "--import=data:text/javascript,process.stdout.isTTY=true" };
const dataFolders = () => readdirSync(folder).filter((name) => name.startsWith("local-runpod-"));

describe("npm run local", () => {
  it("tells a person how to use it, until it is interrupted; then its temporary folder is gone", async () => {
    const program = start(["--port", "0"], onTerminal);
    await until("it says so", () => program.stdout.includes("/local\n"));
    const [, url = ""] = /^RUNPOD_API_BASE_URL=(.*)$/m.exec(program.stdout) ?? [];
    expect(program.stdout).toBe(
      [
        `RUNPOD_API_BASE_URL=${url}`,
        `RUNPOD_PROXY_URL=${url}/proxy/{podId}-{port}`,
        "RUNPOD_API_KEY=local-key",
        "",
        `Pods and their logs: ${url}/local\n`,
      ].join("\n"),
    );
    expect((await fetch(`${url}/local`)).status).toBe(200);
    expect(dataFolders()).toHaveLength(1);
    program.child.kill("SIGINT");
    expect(await program.ended).toEqual([0, null]);
    expect(dataFolders()).toEqual([]);
  });

  it.each([
    ["in a pipe", [], {}],
    ["on a terminal that is to have it", ["--json"], onTerminal],
  ])("tells a program where it is and with which key, in one line of JSON: %s", async (_, args, env) => {
    const program = start(["--port", "0", ...args], env);
    const access = await accessOf(program);
    const { apiBaseUrl } = access;
    expect(apiBaseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(access).toEqual({ apiBaseUrl, apiKey: "local-key", proxyUrl: `${apiBaseUrl}/proxy/{podId}-{port}` });
    expect(program.stdout).toBe(`${JSON.stringify(access)}\n`);
    expect((await fetch(`${apiBaseUrl}/local/operations`)).status).toBe(200);
  });

  it("keeps the folder it was given, and ends with its standard input", async () => {
    const data = join(folder, "data");
    const program = start(["--port", "0", "--data", data, "--exit-with-stdin"]);
    await accessOf(program);
    program.child.stdin.end();
    expect(await program.ended).toEqual([0, null]);
    expect(existsSync(data)).toBe(true);
  });

  it("says what to do when the port is in use, and leaves nothing behind", async () => {
    const first = start(["--port", "0"]);
    const { port } = new URL((await accessOf(first)).apiBaseUrl);
    const before = readdirSync(folder);
    const second = start(["--port", port]);
    expect(await second.ended).toEqual([1, null]);
    expect(second.stderr).toBe(
      `port ${port} is in use; end what listens there, or give another one: npm run local -- --port 0 takes any\n`,
    );
    expect(readdirSync(folder)).toEqual(before);
  });

  it("takes only a port", async () => {
    const program = start(["--port", "70000"]);
    expect(await program.ended).toEqual([1, null]);
    expect(program.stderr).toContain("give a port from 0 to 65535.");
  });
});
