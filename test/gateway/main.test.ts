import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "../../contract/api.ts";
import { isAlive } from "../faults/processes.ts";
import { contractDocument, workflowDocument } from "../support/apps.ts";
import { type ComfyStub, createComfyStub } from "../support/comfyui.ts";
import { apiKey, drawPictures } from "../support/gateway.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dirname, "../..");
let folder: string;
let comfy: ComfyStub;
let port: number;
let gateways: ChildProcess[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-main-"));
  comfy = await createComfyStub();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  server.close();
  gateways = [];
});
afterEach(async () => {
  for (const gateway of gateways) {
    if (gateway.exitCode !== null || gateway.signalCode !== null) continue;
    gateway.kill("SIGKILL");
    await once(gateway, "exit");
  }
  await comfy.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The program itself, as a local pod runs it. */
function start(env: Record<string, string> = {}): { process: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [join(root, "gateway/main.ts")], {
    env: {
      PATH: process.env["PATH"],
      COMFY_ENDPOINTS_API_KEY: apiKey,
      COMFY_ENDPOINTS_CONTRACT_JSON: JSON.stringify(contractDocument),
      COMFY_ENDPOINTS_WORKFLOW_JSON: JSON.stringify(workflowDocument),
      COMFY_ENDPOINTS_LOCAL_PATH_PREFIX: folder,
      COMFY_ENDPOINTS_LOCAL_PORTS: `3000:${port},8188:${new URL(comfy.url).port}`,
      COMFY_START_COMMAND: "cat",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  gateways.push(child);
  let output = "";
  const collect = (data: Buffer): void => {
    output += data.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  return { process: child, output: () => output };
}

const get = (path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers: { "x-api-key": apiKey } });
const ready = (): Promise<void> =>
  until("it is ready", async () => {
    try {
      return (await get("/healthz")).ok && comfy.sockets() === 1;
    } catch {
      return false;
    }
  });
const run = async (): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${port}/run`, {
    method: "POST",
    headers: { "x-api-key": apiKey },
    body: '{"prompt":"the prompt is private"}',
  });
  return ((await response.json()) as { job_id: string }).job_id;
};
const completed = async (id: string): Promise<Job> => {
  let job: Job | undefined;
  await until("the job is completed", async () => {
    job = (await (await get(`/jobs/${id}`)).json()) as Job;
    return job.state === "completed";
  });
  if (job === undefined) throw new Error("there is no such job");
  return job;
};

describe("the gateway's program", () => {
  it("ends on SIGTERM within the grace of a spot pod, and the next one runs the job that was under way", async () => {
    const first = start();
    await ready();
    const id = await run();
    await until("the job runs", () => comfy.active.size === 1);
    const asked = Date.now();
    first.process.kill("SIGTERM");
    const [code] = (await once(first.process, "exit")) as [number];
    expect(code).toBe(0);
    expect(Date.now() - asked).toBeLessThan(4000);
    comfy.forget();
    drawPictures(comfy);
    start();
    await ready();
    await completed(id);
  }, 30_000);

  it("loses no job when it is killed: the next one finds the prompt that ComfyUI still has", async () => {
    const first = start();
    await ready();
    const running = await run();
    const waiting = await run();
    await until("the job runs", () => comfy.active.size === 1);
    first.process.kill("SIGKILL");
    await once(first.process, "exit");
    drawPictures(comfy);
    const [submission] = comfy.submissions;
    if (submission !== undefined) comfy.onPrompt?.(submission);
    start();
    await ready();
    expect((await completed(running)).prompt_id).toBe(submission?.id);
    await completed(waiting);
    expect(comfy.submissions).toHaveLength(2);
  }, 30_000);

  it("tells ComfyUI's nodes where it lends them files", async () => {
    const told = join(folder, "told");
    const script = join(folder, "comfyui.sh");
    writeFileSync(script, `echo "$COMFY_ENDPOINTS_INPUTS_DIR" > ${told}; exec cat`);
    start({ COMFY_START_COMMAND: `sh ${script}` });
    await until("it is told", () => existsSync(told) && readFileSync(told, "utf8") !== "");
    expect(readFileSync(told, "utf8")).toBe(`${join(folder, "cache/state/local/files/inputs")}\n`);
    expect(existsSync(readFileSync(told, "utf8").trim())).toBe(true);
  });

  it("takes ComfyUI along when it is killed: one left behind would keep the port from the next one's", async () => {
    const pids = join(folder, "pids");
    writeFileSync(join(folder, "comfyui"), `echo $$ >> ${pids}; sleep 600`);
    const { process: gateway } = start({ COMFY_START_COMMAND: `sh ${join(folder, "comfyui")}` });
    const pid = (): number => Number(existsSync(pids) ? readFileSync(pids, "utf8") : 0);
    await until("ComfyUI runs", () => pid() > 0);
    gateway.kill("SIGKILL");
    await until("ComfyUI is gone", () => !isAlive(pid()));
  });

  it("writes neither keys nor prompts to its log", async () => {
    drawPictures(comfy);
    const { output } = start();
    await ready();
    await completed(await run());
    expect(output()).toContain('"msg":"job runs"');
    expect(output()).not.toContain(apiKey);
    expect(output()).not.toContain("the prompt is private");
  }, 30_000);

  it.each([
    [{ COMFY_ENDPOINTS_API_KEY: "change-me" }, "everybody knows that key; give one of your own"],
    [{ COMFY_START_COMMAND: "python 'main.py" }, "a ' is not closed in: python 'main.py"],
  ])("that cannot start with %j stays up in a pod, and says why to everybody", async (env, message) => {
    const { process: child, output } = start({ RUNPOD_POD_ID: "p1", ...env });
    const answer = async (path: string) => {
      const response = await get(path);
      return [response.status, await response.json()] as [number, Record<string, string>];
    };
    await until("it answers", () => answer("/healthz").then(Boolean, () => false));
    const why = {
      ...{ stage: "settings", remedy: 'correct the app\'s "env", and deploy again' },
      reason: expect.stringContaining(message) as string,
    };
    expect(await answer("/healthz")).toMatchObject([503, { status: "failed", phase: "contract", ...why }]);
    for (const path of ["/run", "/artifact-resolver/error?x=1"])
      expect(await answer(path)).toMatchObject([503, { error: "not_ready", ...why }]);
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(1);
    const [line, ...others] = output().trim().split("\n");
    expect(others).toEqual([]);
    expect(JSON.parse(line ?? "")).toMatchObject({ level: "error", msg: "gateway cannot start" });
    expect(line).toContain(message);
  });

  it("ends with one line that says why where nobody would start it again", async () => {
    const { process: child, output } = start({ COMFY_ENDPOINTS_API_KEY: "change-me" });
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(1);
    expect(JSON.parse(output())).toMatchObject({ level: "error", msg: "gateway cannot start" });
  });

  it("does not start on a port that is taken", async () => {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    try {
      const { process: child, output } = start();
      const [code] = (await once(child, "close")) as [number];
      expect(code).toBe(1);
      expect(output()).toContain(`cannot listen on 127.0.0.1:${port}`);
      expect(output()).not.toContain("stack");
    } finally {
      server.close();
    }
  });
});
