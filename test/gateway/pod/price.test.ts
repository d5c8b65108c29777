import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createLog } from "../../../gateway/log.ts";
import { askRunPod, createPodPrice, type PodPrice } from "../../../gateway/pod/price.ts";
import { podApiKey } from "../../../local/host/container-env.ts";
import { rent, withoutContainers } from "../../local/renting.ts";
import { drawPictures, startGateway } from "../../support/gateway.ts";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { until } from "../../support/until.ts";

let runpod: StartedRunPod;
beforeAll(async () => {
  runpod = await startLocalRunPod(withoutContainers);
});
afterAll(() => runpod.close());

describe("the price of the pod", () => {
  let price: PodPrice | undefined;
  afterEach(() => price?.stop());
  const log: string[] = [];
  /** Asked again and again, RunPod says this. */
  let answer: number | Error;
  const startPrice = (first: number | Error): PodPrice => {
    log.length = 0;
    answer = first;
    price = createPodPrice({
      ask: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)),
      log: createLog((line) => log.push(line)),
      everyMs: 5,
      againMs: 1,
    });
    expect(price.perHour()).toBeUndefined();
    price.start();
    return price;
  };

  it("is what RunPod says of the pod, asked with the pod's own key", async () => {
    const id = await rent(runpod);
    const ask = askRunPod({ id, apiKey: podApiKey(id), apiUrl: runpod.url });
    expect(await ask()).toBe(runpod.account.pod(id)?.costPerHr);
    expect(runpod.operations.all().at(-1)).toMatchObject({ name: "pod", podId: id, outcome: "ok" });
    runpod.account.terminate(id);
    await expect(ask()).rejects.toThrow("RUNPOD_API_KEY");
  });

  it("is not known before the first answer, and follows a bid that changes", async () => {
    const { perHour } = startPrice(0.2);
    await until("the first answer", () => perHour() === 0.2);
    answer = 0.3;
    await until("the next one", () => perHour() === 0.3);
  });

  it("is asked for again when RunPod does not answer, and stays what it was meanwhile", async () => {
    const { perHour } = startPrice(0.2);
    await until("an answer", () => perHour() === 0.2);
    answer = new Error("RunPod is down");
    await until("two failures", () => log.length >= 2);
    expect(perHour()).toBe(0.2);
    expect(log[0]).toMatch(/"error":"RunPod is down".*"msg":"the pod's price is not known"/);
    answer = 0.4;
    await until("the next answer", () => perHour() === 0.4);
  });
});

describe("a job", () => {
  it("costs its run time at the price of the pod", async () => {
    const id = await rent(runpod);
    const gateway = await startGateway({
      comfy: drawPictures,
      env: { RUNPOD_POD_ID: id, RUNPOD_API_KEY: podApiKey(id), RUNPOD_API_BASE_URL: `${runpod.url}/` },
    });
    try {
      const job = await gateway.jobIn("completed", await gateway.run({ prompt: "x" }));
      const perHour = runpod.account.pod(id)?.costPerHr ?? Number.NaN;
      await until("the price is known", async () => (await gateway.job(job.job_id)).cost_usd !== null);
      expect((await gateway.job(job.job_id)).cost_usd).toBeCloseTo(
        ((job.timings.run_ms ?? 0) / 3_600_000) * perHour,
        9,
      );
      const metrics = await (await gateway.request("/metrics")).text();
      expect(metrics).toContain(`\ncomfy_endpoints_pod_cost_usd_per_hour ${perHour}\n`);
      expect(JSON.stringify(gateway.log)).not.toContain(podApiKey(id));
    } finally {
      await gateway.stop();
    }
  });

  it("has no price outside RunPod", async () => {
    const gateway = await startGateway({ comfy: drawPictures });
    try {
      const job = await gateway.jobIn("completed", await gateway.run({ prompt: "x" }));
      expect(job.cost_usd).toBeNull();
    } finally {
      await gateway.stop();
    }
  });
});
