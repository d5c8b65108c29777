import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PodStack, startPodStack } from "../../support/pod-stack.ts";

describe("a pod that was changed from outside", () => {
  let stack: PodStack;
  beforeAll(async () => {
    stack = await startPodStack();
  });
  afterAll(() => stack.close());

  let podId: string;
  beforeEach(async () => {
    ({ podId } = await stack.deploy({}));
    stack.mutations();
  });
  const pod = () => stack.runpod.account.pod(podId);
  const onlyPod = () => {
    const [one, ...others] = stack.runpod.account.pods();
    expect(others).toEqual([]);
    return one;
  };
  /** By hand, as in RunPod's console. */
  const edit = (job: object) => stack.runpod.account.edit(podId, job);
  const refresh = async (): Promise<string> => {
    const run = await stack.pulumi("refresh", "--yes", "--skip-preview", "--diff");
    expect(run.code, run.output).toBe(0);
    return run.output;
  };

  it("gets image, environment and ports back with a plain up; what the platform added stays", async () => {
    const { job } = pod() ?? { job: { env: {} } };
    edit({
      imageName: "example/other:1",
      env: { ...job.env, GREETING: "by-hand", PUBLIC_KEY: "ssh" },
      ports: ["1/tcp"],
    });
    const run = await stack.up();
    expect(run.code, run.output).toBe(0);
    expect(run.output).toContain(
      `pod: pod ${podId} is not as the last deployment left it: image is example/other:1 instead of example/golden:1; env has another GREETING; ports is 1/tcp instead of 8080/http`,
    );
    expect(run.output).not.toContain("by-hand");
    expect((await stack.podOutputs()).podId).toBe(podId);
    expect(stack.mutations()).toEqual(["podEditJob"]);
    expect(pod()?.job).toMatchObject({
      imageName: "example/golden:1",
      env: { GREETING: "hello", PUBLIC_KEY: "ssh" },
      ports: ["8080/http"],
    });
  });

  it("keeps the platform's variables also when its own change, and drops its own that are no longer wanted", async () => {
    await stack.deploy({ env: { GREETING: "bye", OLD: "1" } });
    await stack.deploy({ env: { GREETING: "bye" } });
    const { COMFY_ENDPOINTS_RENTAL: rental, ...env } = pod()?.job.env ?? {};
    expect(env).toEqual({ GREETING: "bye", PUBLIC_KEY: "ssh" });
    expect(rental).toBeDefined();
  });

  it("is shown by refresh as it is, and mended by the next up", async () => {
    edit({ imageName: "example/other:2", env: { GREETING: "drifted" }, volumeInGb: 150 });
    const output = await refresh();
    expect(output).toMatch(/image\s*: "example\/golden:1" => "example\/other:2"/);
    expect(output).toMatch(/volumeGb\s*: 100 => 150/);
    expect(output).not.toContain("drifted");
    stack.mutations();
    await stack.deploy();
    expect(stack.mutations()).toEqual(["podEditJob"]);
    expect(pod()?.job).toMatchObject({ imageName: "example/golden:1", volumeInGb: 150, env: { GREETING: "hello" } });
  });

  it("keeps a volume that was grown by hand", async () => {
    const generation = pod()?.generation;
    expect(pod()?.job.volumeInGb).toBe(150);
    expect((await stack.up()).output).toContain("volume is 150 GB instead of 100 GB");
    expect(stack.mutations()).toEqual([]);
    expect(pod()?.generation).toBe(generation);
  });

  it("is shown as stopped, and started again by up", async () => {
    stack.runpod.account.stop(podId);
    expect((await stack.preview()).output).toMatch(/status is EXITED \(Exited by user: /);
    expect(await refresh()).toMatch(/status\s*: "RUNNING" => "EXITED"/);
    stack.mutations();
    const { status, podId: after } = await stack.deploy();
    expect([status, after]).toEqual(["RUNNING", podId]);
    expect(stack.mutations()).toEqual(["podBidResume"]);
  });

  it("is resumed with the price of the day when it was outbid", async () => {
    stack.runpod.account.outbid(podId);
    const type = stack.runpod.account.catalogue.gpuTypes.find(({ id }) => id === pod()?.gpuTypeId);
    const prices = type?.prices.COMMUNITY;
    if (prices) prices.spot = 0.31;
    const { costPerHour, podId: after } = await stack.deploy();
    expect([costPerHour, after]).toEqual([0.31, podId]);
    if (prices) prices.spot = 0.24;
  });

  it("is replaced when its host has no GPU free, and no pod but the new one is left", async () => {
    stack.runpod.account.stop(podId);
    const { gpuTypeId, dataCenterId } = pod() ?? {};
    stack.runpod.account.setStock({ gpuTypeId, dataCenterId }, 0);
    const { podId: after, revision } = await stack.deploy();
    expect(after).not.toBe(podId);
    expect(revision).toBe(`${after}:1`);
    expect(onlyPod()?.id).toBe(after);
    expect(await stack.up().then(() => stack.changes())).toEqual({ same: 3 });
    stack.runpod.account.setStock({ gpuTypeId, dataCenterId }, 8);
  });

  it("is kept when its host has no GPU free and that is wanted, and the error says what to do", async () => {
    stack.runpod.account.stop(podId);
    const { gpuTypeId, dataCenterId } = pod() ?? {};
    stack.runpod.account.setStock({ gpuTypeId, dataCenterId }, 0);
    const run = await stack.up({ onHostFull: "fail" });
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("There are not enough free GPUs on the host machine to start this pod.");
    expect(run.output).toContain("try again later, or set onHostFull to replace");
    expect(onlyPod()?.id).toBe(podId);
    stack.runpod.account.setStock({ gpuTypeId, dataCenterId }, 8);
    expect((await stack.deploy({ onHostFull: "fail" })).podId).toBe(podId);
  });

  it("is made anew by up, or by refresh and up, when it is gone", async () => {
    stack.runpod.account.terminate(podId);
    expect((await stack.preview()).output).toContain(`pod ${podId} is gone; another one is made`);
    const { podId: second } = await stack.deploy();
    expect(onlyPod()?.id).toBe(second);
    stack.runpod.account.terminate(second);
    expect(await refresh()).toMatch(/RunPodPod pod|delete/);
    const { podId: third } = await stack.deploy();
    expect(third).not.toBe(second);
    expect(onlyPod()?.id).toBe(third);
  });

  it("is compared with what the last deployment left, and not lost, when RunPod does not answer", async () => {
    for (let at = 0; at < 6; at++) stack.runpod.faults.add({ operation: "myself", kind: "http500", times: 5 });
    const run = await stack.preview();
    stack.runpod.faults.clear();
    expect(run.code, run.output).toBe(0);
    expect(run.output).toContain(`comparing pod ${podId} with the last deployment instead`);
    expect(run.output).toContain("3 unchanged");
  });
});
