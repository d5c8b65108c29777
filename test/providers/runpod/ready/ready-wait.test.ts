import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Health } from "../../../../contract/api.ts";
import type { Pod } from "../../../../providers/runpod/api/api.ts";
import { RunPodError } from "../../../../providers/runpod/api/errors.ts";
import { unknownValue } from "../../../../providers/runpod/engine/hook-values.ts";
import { becomeReady, check, diff, type ReadyWorld } from "../../../../providers/runpod/ready-lifecycle.ts";

/** What `/healthz` answers, turn by turn, the last one for ever: a health, a status without one, or a cut connection. */
type Turn = Health | number | "cut";

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

async function gateway(...turns: Turn[]): Promise<string> {
  let asked = 0;
  const server = createServer((request, response) => {
    const turn = turns[Math.min(asked++, turns.length - 1)];
    if (request.url !== "/healthz" || turn === "cut" || turn === undefined) return void response.destroy();
    if (typeof turn === "number") return void response.writeHead(turn).end("<html>");
    response.writeHead(turn.status === "ok" ? 200 : 503).end(JSON.stringify(turn));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ok: Health = { status: "ok", phase: "ready" };
const failed: Health = { status: "failed", phase: "preflight", detail: "ComfyUI lacks a node" };
const models = (progress: number): Health => ({ status: "starting", phase: "models", detail: "flux", progress });
const pod = (changed: Partial<Pod> = {}) => ({ desiredStatus: "RUNNING", statusDetail: "", ...changed }) as Pod;

interface Calls {
  lines: string[];
  warnings: string[];
  /** Mutations, in order. */
  done: string[];
}

async function ready(
  turns: Turn[],
  {
    inputs = {},
    restarted = false,
    ...world
  }: Partial<ReadyWorld["api"]> & Partial<Omit<ReadyWorld, "api">> & { inputs?: object; restarted?: boolean } = {},
): Promise<Calls & { error: string | undefined }> {
  const calls: Calls = { lines: [], warnings: [], done: [] };
  const { findPod, stopPod, terminatePod, ...rest } = world;
  const mutation =
    (name: string, act: (podId: string) => Promise<void> = () => Promise.resolve()) =>
    (podId: string) => {
      calls.done.push(`${name} ${podId}`);
      return act(podId);
    };
  const error = await becomeReady(
    {
      endpointUrl: await gateway(...turns),
      podId: "pod1",
      revision: "pod1:1",
      costPerHour: 0.44,
      readyTimeoutSeconds: 10,
      onFailed: "stop",
      ...inputs,
    },
    restarted,
    {
      api: {
        findPod: findPod ?? (() => Promise.resolve(pod())),
        stopPod: mutation("stop", stopPod),
        terminatePod: mutation("terminate", terminatePod),
      },
      log: (line) => calls.lines.push(line),
      warn: (line) => calls.warnings.push(line),
      interruption: () => Promise.resolve(undefined),
      now: () => performance.now(),
      paces: { firstLook: 5, slowestLook: 20, askPod: 50, stands: 50 },
      stopPausesMs: [5, 5],
      ...rest,
    },
  ).then(
    () => undefined,
    (thrown: unknown) => (thrown as Error).message,
  );
  return { ...calls, error };
}

const givesUp = { inputs: { readyTimeoutSeconds: 0.3 } };
const stopped = "pod pod1 was stopped, so it costs only its storage; the next pulumi up starts it again";

describe("waiting for an endpoint", () => {
  it("prints how far the boot is, and ends when it takes runs", async () => {
    const turns: Turn[] = [502, 502, "cut", { status: "starting", phase: "contract" }, models(0), models(0.41), ok];
    expect(await ready(turns)).toEqual({
      lines: ["waiting for the gateway to answer", "contract", "models: flux 0 %", "models: flux 41 %"],
      warnings: [],
      done: [],
      error: undefined,
    });
  });

  it("waits longer than its timeout as long as the boot advances", async () => {
    const turns = Array.from({ length: 60 }, (_, turn) => models(turn / 100));
    const startedAt = performance.now();
    expect(await ready([...turns, ok], { inputs: { readyTimeoutSeconds: 0.6 } })).toMatchObject({ error: undefined });
    expect(performance.now() - startedAt).toBeGreaterThan(600);
  });

  it("fails at once, with phase and reason, when the boot cannot succeed", async () => {
    const { error, done } = await ready([models(1), failed]);
    expect(error).toBe(`the endpoint's boot failed at preflight: ComfyUI lacks a node\n${stopped}`);
    expect(done).toEqual(["stop pod1"]);
  });

  it("gives up a boot that comes no further, and says where it stands", async () => {
    const { error, done } = await ready([models(0.41)], givesUp);
    expect(error).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+ came no further for 0\.3 s \(last seen at models: flux 41 %\); look at the pod's log, or raise readyTimeoutSeconds\n/,
    );
    expect(error).toContain(stopped);
    expect(done).toEqual(["stop pod1"]);
  });

  it("says what answers where a gateway should", async () => {
    expect((await ready([404], givesUp)).error).toContain("(no gateway ever answered, now HTTP 404)");
    expect((await ready([models(0), 502], givesUp)).error).toContain("(last seen at models: flux 0 %, now HTTP 502)");
  });

  it("does not take the answers of the container that was just replaced for the new one's", async () => {
    const turns: Turn[] = [ok, ok, 502, models(0), ok];
    // Longer than two looks ever take, on whatever machine.
    const paces = { firstLook: 5, slowestLook: 20, askPod: 50, stands: 5000 };
    expect((await ready(turns, { restarted: true, paces })).lines).toContain("models: flux 0 %");
    expect(await ready([failed, failed, 502, models(0), ok], { paces })).toMatchObject({ error: undefined, done: [] });
  });

  it.each([
    [
      "gone",
      undefined,
      "pod pod1 disappeared while its endpoint was starting\nit costs nothing any more; the next pulumi up rents another pod",
    ],
    [
      "stopped",
      pod({ desiredStatus: "EXITED", statusDetail: "Outbid: Wed Jul 08 2026" }),
      "pod pod1 stopped while its endpoint was starting (Outbid: Wed Jul 08 2026)\nit costs only its storage; the next pulumi up starts it again",
    ],
  ])("ends at once when the pod is %s", async (_, found, expected) => {
    const looked: string[] = [];
    const result = await ready([models(0), 502], {
      inputs: { readyTimeoutSeconds: 900 },
      findPod: (podId) => {
        looked.push(podId);
        return Promise.resolve(found);
      },
    });
    expect(result).toMatchObject({ error: expected, done: [] });
    expect(looked).toEqual(["pod1"]);
  });

  it("terminates a pod that stopped by itself when failed ones are to be terminated", async () => {
    const exited = pod({ desiredStatus: "EXITED" });
    const inputs = { onFailed: "terminate" };
    const { error, done } = await ready([502], { inputs, findPod: () => Promise.resolve(exited) });
    expect(done).toEqual(["terminate pod1"]);
    expect(error).toContain("was terminated");
  });

  it("ignores a RunPod that stumbles or does not answer, and asks nothing while the gateway answers", async () => {
    const turns: Turn[] = [...Array<Turn>(10).fill(502), ok];
    const stumble = new RunPodError("transient", "RunPod did not answer findPod");
    expect(await ready(turns, { findPod: () => Promise.reject(stumble) })).toMatchObject({
      error: undefined,
      warnings: [],
    });
    expect(await ready(turns, { findPod: () => new Promise(() => undefined) })).toMatchObject({ error: undefined });
    const refused = new RunPodError("auth", "RunPod does not accept the API key");
    expect((await ready(turns, { findPod: () => Promise.reject(refused) })).warnings).toEqual([
      "cannot see whether pod pod1 runs: RunPod does not accept the API key",
    ]);
    const never = () => Promise.reject(new Error("asked"));
    expect((await ready([...Array<Turn>(10).fill(models(0)), ok], { findPod: never })).warnings).toEqual([]);
  });

  it("ends when nobody waits any more, and leaves the pod alone", async () => {
    const interruption = () => Promise.resolve("the deployment was interrupted");
    const { error, done } = await ready([models(0)], { inputs: { readyTimeoutSeconds: 900 }, interruption });
    expect(error).toBe(
      "the deployment was interrupted while the endpoint was starting; pod pod1 runs on and costs 0.44 USD per hour; the next pulumi up waits for it again, pulumi destroy ends it",
    );
    expect(done).toEqual([]);
  });
});

describe("a pod whose endpoint did not get ready", () => {
  const after = async (onFailed: string, api: Partial<ReadyWorld["api"]> = {}) => {
    const { error = "", done } = await ready([models(0), failed], { inputs: { onFailed }, ...api });
    return { done, said: error.split("\n")[1] };
  };
  const lost = new RunPodError("transient", "RunPod did not answer stopPod");

  it("is terminated when asked for", async () => {
    expect(await after("terminate")).toEqual({
      done: ["terminate pod1"],
      said: "pod pod1 was terminated and costs nothing any more; the next pulumi up rents another one",
    });
  });

  it("is kept when asked for, and its price is told", async () => {
    expect(await after("keep")).toEqual({
      done: [],
      said: "pod pod1 was kept: it runs on and costs 0.44 USD per hour; look at its log, then mend the app and run pulumi up, or pulumi destroy",
    });
  });

  it("is asked to stop again when RunPod stumbles", async () => {
    let stumbles = 2;
    const stopPod = () => (stumbles-- > 0 ? Promise.reject(lost) : Promise.resolve());
    expect(await after("stop", { stopPod })).toEqual({ done: Array<string>(3).fill("stop pod1"), said: stopped });
  });

  it("counts as stopped when only the answer was lost", async () => {
    const findPod = () => Promise.resolve(pod({ desiredStatus: "EXITED" }));
    expect((await after("stop", { stopPod: () => Promise.reject(lost), findPod })).said).toBe(stopped);
  });

  it.each(["stop", "terminate"])(
    "still costs money when it cannot be ended (%s), which is said with its id",
    async (how) => {
      const refuse = () => Promise.reject(new RunPodError("auth", "RunPod does not accept the API key"));
      const { said, done } = await after(how, { stopPod: refuse, terminatePod: refuse, findPod: refuse });
      expect(said).toMatch(
        /^pod pod1 could not be \w+ \(RunPod does not accept the API key\): it may still run and cost 0\.44 USD per hour; run pulumi destroy, or end it in RunPod's console$/,
      );
      expect(done).toEqual([`${how} pod1`]);
    },
  );
});

describe("the resource", () => {
  const inputs = async (...turns: Turn[]) => ({
    endpointUrl: await gateway(...turns),
    podId: "pod1",
    revision: "pod1:1",
  });

  it("changes nothing while the endpoint answers, and is waited for again when it does not", async () => {
    const healthy = await inputs(ok);
    expect(await diff(healthy, { ...healthy, onFailed: "keep", readyTimeoutSeconds: 5 })).toEqual({ changes: false });
    for (const turn of [502, models(0), failed, "cut"] as const) {
      const other = await inputs(turn);
      expect(await diff(other, other)).toEqual({ changes: true });
    }
  });

  it("changes with the pod, its container and its address, and when they are not known yet", async () => {
    const healthy = await inputs(ok);
    expect(await diff(healthy, { ...healthy, revision: "pod1:2" })).toEqual({ changes: true });
    expect(await diff(healthy, { ...healthy, podId: "pod2" })).toEqual({ changes: true });
    expect(await diff(healthy, { ...healthy, endpointUrl: unknownValue })).toEqual({ changes: true });
  });

  it("has defaults, and names the remedy for a wrong setting", async () => {
    expect(await check({ podId: unknownValue })).toEqual({
      inputs: { podId: unknownValue, readyTimeoutSeconds: 900, onFailed: "stop" },
      failures: [],
    });
    expect((await check({ readyTimeoutSeconds: unknownValue, onFailed: unknownValue })).failures).toEqual([]);
    expect((await check({ readyTimeoutSeconds: -1, onFailed: "halt" })).failures).toEqual([
      { property: "readyTimeoutSeconds", reason: "give seconds above 0" },
      { property: "onFailed", reason: "give one of stop, terminate, keep" },
    ]);
  });
});
