import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../../gateway/log.ts";
import { createIdleStop, type IdleStop } from "../../../gateway/pod/idle-stop.ts";
import { podApiKey } from "../../../local/host/container-env.ts";
import { rent, withoutContainers } from "../../local/renting.ts";
import { drawPictures, startGateway, type TestGateway, type TestGatewayOptions } from "../../support/gateway.ts";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { until } from "../../support/until.ts";

describe("an idle pod", () => {
  let clock: number;
  let idle: IdleStop;
  let work: () => boolean;
  let looks: number;
  let stops: number;
  let runpod: () => Promise<void>;
  const lines: string[] = [];
  const create = (endsWithinMs: number): void => {
    idle = createIdleStop({
      ...{ afterMs: 600_000, everyMs: 1, againMs: 1, endsWithinMs },
      now: () => {
        looks++;
        return clock;
      },
      hasWork: () => Promise.resolve(work()),
      stopPod: () => {
        stops++;
        return runpod();
      },
      log: createLog((line) => lines.push(line)),
    });
  };
  beforeEach(() => {
    [clock, looks, stops, lines.length] = [0, 0, 0, 0];
    work = () => false;
    runpod = () => Promise.resolve();
    create(60_000);
  });
  afterEach(() => idle.stop());
  const look = async (): Promise<void> => {
    const before = looks;
    await until("it has looked", () => looks > before + 5);
  };
  const minutes = (count: number): number => count * 60_000;

  it("is stopped after that time without use, and not before", async () => {
    idle.start();
    clock = minutes(10) - 1;
    await look();
    expect([stops, idle.isStopping()]).toEqual([0, false]);
    clock = minutes(10);
    await until("it is stopped", () => stops === 1);
    expect(idle.isStopping()).toBe(true);
    expect(lines.join("")).toContain('"idle_seconds":600');
  });

  it("is not idle before its boot is over", async () => {
    clock = minutes(60);
    idle.start();
    await look();
    expect(stops).toBe(0);
  });

  it("is used as long as a request lasts, and the time begins at its end", async () => {
    idle.start();
    const end = idle.use();
    clock = minutes(30);
    await look();
    expect(stops).toBe(0);
    end();
    clock = minutes(39);
    await look();
    expect(stops).toBe(0);
    clock = minutes(40);
    await until("it is stopped", () => stops === 1);
  });

  it("is not stopped while there is work, and the time begins at its end", async () => {
    work = () => true;
    idle.start();
    clock = minutes(30);
    await look();
    work = () => false;
    clock = minutes(39);
    await look();
    expect(stops).toBe(0);
    clock = minutes(40);
    await until("it is stopped", () => stops === 1);
  });

  it("is kept when work came in the moment in which it was to stop; it takes requests again", async () => {
    let late = 0;
    // Seen by the second look only, at which nothing more is taken.
    work = () => {
      if (idle.isStopping()) late++;
      return idle.isStopping();
    };
    idle.start();
    clock = minutes(10);
    await until("it looked twice", () => late > 0);
    await look();
    expect([stops, idle.isStopping()]).toEqual([0, false]);
  });

  it("takes requests again when RunPod does not stop it, and tries again", async () => {
    create(10);
    runpod = () => Promise.reject(new Error("RunPod is down"));
    idle.start();
    clock = minutes(10);
    await until("it tried again", () => stops >= 2);
    expect(lines.join("")).toMatch(/"error":"RunPod is down".*"msg":"the idle pod could not be stopped"/);
    runpod = () => Promise.resolve();
    await until("it was stopped, and runs on", () => lines.join("").includes("which still runs"));
  });

  it("lets the gateway end while RunPod does not answer", async () => {
    runpod = () => new Promise(() => undefined);
    idle.start();
    clock = minutes(10);
    await until("RunPod was told", () => stops === 1);
    await idle.stop();
    expect(idle.isStopping()).toBe(true);
  });
});

describe("a gateway in a pod", () => {
  let runpod: StartedRunPod;
  beforeAll(async () => {
    runpod = await startLocalRunPod(withoutContainers);
  });
  afterAll(() => runpod.close());
  let gateway: TestGateway;
  afterEach(() => gateway.stop());

  const idleMs = 300;
  const startIn = async (options: TestGatewayOptions = {}): Promise<string> => {
    const id = await rent(runpod);
    gateway = await startGateway({
      ...options,
      env: {
        ...{ RUNPOD_POD_ID: id, RUNPOD_API_KEY: podApiKey(id), RUNPOD_API_BASE_URL: runpod.url },
        COMFY_ENDPOINTS_IDLE_STOP_MINUTES: String(idleMs / 60_000),
        ...options.env,
      },
    });
    return id;
  };
  const status = (id: string) => runpod.account.pod(id)?.desiredStatus;
  const stopped = (id: string) => until("the pod is stopped", () => status(id) === "EXITED");
  const looksAtHealth = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) await fetch(`${gateway.url}/healthz`);
  };

  it("stops it through RunPod with the pod's own key, whoever looks at its health, and takes no more runs", async () => {
    const id = await startIn();
    await until("the pod is stopped", async () => {
      await looksAtHealth(1);
      return status(id) === "EXITED";
    });
    const run = await gateway.request("/run", { method: "POST", body: '{"prompt":"x"}' });
    expect([run.status, run.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await run.json()).toEqual({
      error: "draining",
      detail: "nobody used the endpoint, so its pod stops; wake it with comfy-endpoints wake, or deploy it again",
    });
    const health = await fetch(`${gateway.url}/healthz`);
    expect([health.status, await health.json()]).toMatchObject([503, { status: "draining" }]);
    // What is there can still be read.
    expect((await gateway.request("/jobs")).status).toBe(200);
  });

  it("finishes the jobs that it took first", async () => {
    const id = await startIn({ comfy: (comfy) => (comfy.onPrompt = () => undefined) });
    const job = await gateway.run({ prompt: "x" });
    await until("ComfyUI has it", () => gateway.comfy.submissions.length === 1);
    const startedAt = performance.now();
    await until("twice the idle time", () => performance.now() - startedAt > 2 * idleMs);
    expect([status(id), (await gateway.job(job)).state]).toEqual(["RUNNING", "running"]);
    drawPictures(gateway.comfy);
    const [{ id: prompt, prompt: nodes, clientId }] = gateway.comfy.submissions as [
      (typeof gateway.comfy.submissions)[0],
    ];
    gateway.comfy.onPrompt?.({ id: prompt, prompt: nodes, clientId });
    await stopped(id);
    expect((await gateway.job(job)).state).toBe("completed");
  });

  it("also stops it when the boot failed for good, whatever waits in the queue", async () => {
    let known = true;
    const id = await startIn({
      ready: false,
      comfy: (comfy) => {
        comfy.up = false;
        comfy.knownClasses.delete("PromptCard");
        known = false;
      },
    });
    await until("the workflow is known", async () => (await gateway.request("/contract")).ok);
    const run = await gateway.request("/run", { method: "POST", body: '{"prompt":"x"}' });
    expect([run.status, known]).toEqual([202, false]);
    gateway.comfy.up = true;
    await stopped(id);
  });

  it("that has no key of RunPod's says that it cannot", async () => {
    await startIn({ env: { RUNPOD_API_KEY: "" } });
    expect(gateway.log.map(({ msg }) => msg)).toContain(
      "the pod does not stop when it is idle: RunPod's RUNPOD_POD_ID and RUNPOD_API_KEY are not set",
    );
  });
});
