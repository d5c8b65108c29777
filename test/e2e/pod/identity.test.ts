import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PodStack, startPodStack } from "../../support/pod-stack.ts";

describe("exactly one pod", () => {
  let stack: PodStack;
  beforeEach(async () => {
    stack = await startPodStack();
  });
  afterEach(() => stack.close());

  const pods = () => stack.runpod.account.pods().map(({ id }) => id);
  /** Another up, then one more: the outputs name the only pod, and nothing changes any more. */
  const settles = async (changed: object = {}): Promise<string> => {
    const { podId } = await stack.deploy(changed);
    expect(pods()).toEqual([podId]);
    stack.mutations();
    await stack.deploy(changed);
    expect([pods(), stack.mutations()]).toEqual([[podId], []]);
    return podId;
  };

  it("is left when the pod was replaced and what depends on it failed", async () => {
    const { podId: first } = await stack.deploy();
    const run = await stack.up({ podRotation: "1", dependentFails: true });
    expect(run.output).toContain("the dependent fails");
    expect(pods()).toHaveLength(2);
    expect(await settles({ podRotation: "1" })).not.toBe(first);
  });

  it("is not the old one alone: that serves until what depends on the new one succeeds, however often it fails", async () => {
    const { podId: first } = await stack.deploy();
    for (let time = 0; time < 2; time++) {
      await stack.up({ podRotation: "1", dependentFails: true });
      expect(pods()).toContain(first);
      expect(pods()).toHaveLength(2);
    }
    expect(await settles({ podRotation: "1" })).not.toBe(first);
  });

  it("is left when regions moved and what depends on it failed, twice", async () => {
    await stack.deploy();
    await stack.up({ regions: ["EU"], dependentFails: true });
    await stack.up({ regions: ["EU"], dependentFails: true });
    await settles({ regions: ["EU"] });
    expect(stack.runpod.account.pods()[0]?.dataCenterId).toMatch(/^EU/);
  });

  it("is left after --replace on equal inputs, which keeps the pod and says so", async () => {
    const { podId } = await stack.deploy();
    const urn = /urn:pulumi:[^"]*RunPodPod::pod/.exec(await stack.state())?.[0] ?? "";
    const run = await stack.up({}, "--replace", urn);
    expect(run.code, run.output).toBe(0);
    expect(run.output).toContain(
      `pod ${podId} was kept: this deployment uses it; to get another pod, change podRotation`,
    );
    expect(await settles()).toBe(podId);
  });

  it("is left after --replace on equal inputs whose dependents failed", async () => {
    const { podId } = await stack.deploy();
    const urn = /urn:pulumi:[^"]*RunPodPod::pod/.exec(await stack.state())?.[0] ?? "";
    await stack.up({ dependentFails: true }, "--replace", urn);
    expect(await settles()).toBe(podId);
  });

  it("is left when an interrupted run left another one beside it", async () => {
    const { podId } = await stack.deploy();
    const { name = "", job } = stack.runpod.account.pod(podId) ?? {};
    const rentDouble = (double: string) =>
      stack.runpod.graphql(
        `mutation { podFindAndDeployOnDemand(input: {name: "${double}", imageName: "${job?.imageName ?? ""}", gpuTypeId: "NVIDIA L4", gpuCount: 1}) { id } }`,
      );
    await rentDouble(name.replace(/[0-9a-f]{8}$/, "00000000"));
    await rentDouble(name.replace(/[0-9a-f]{16}-[0-9a-f]{8}$/, "0000000000000000-00000000"));
    const run = await stack.up();
    expect(run.output).toContain("was left by an interrupted run; it is removed");
    const left = stack.runpod.account.pods();
    expect(left.map(({ id }) => id)).toContain(podId);
    expect(left.map((one) => one.name.includes("-0000000000000000-"))).toEqual([false, true]);
  });

  it("is the adopted one, untouched when it runs the job already; destroy ends it", async () => {
    const answer = await stack.runpod.graphql(
      `mutation { podFindAndDeployOnDemand(input: {name: "by-hand", imageName: "example/golden:1", gpuTypeId: "NVIDIA L4",
        gpuCount: 1, env: [{key: "GREETING", value: "hello"}, {key: "MINE", value: "1"}], ports: "8080/http",
        containerDiskInGb: 30, volumeInGb: 120, volumeMountPath: "/cache"}) { id } }`,
    );
    const byHand = (answer.data?.["podFindAndDeployOnDemand"] as { id: string }).id;
    stack.mutations();
    const { podId, gpuType } = await stack.deploy({ adoptPodId: byHand });
    expect([podId, gpuType, stack.mutations()]).toEqual([byHand, "L4", []]);
    expect(stack.runpod.account.pod(byHand)).toMatchObject({ name: "by-hand", generation: 1 });
    await stack.deploy();
    expect(stack.mutations()).toEqual([]);
    await stack.deploy({ image: "example/golden:2" });
    expect(stack.runpod.account.pod(byHand)?.job).toMatchObject({
      imageName: "example/golden:2",
      volumeInGb: 120,
      env: { GREETING: "hello", MINE: "1" },
    });
    const run = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    expect(pods()).toEqual([]);
  });

  it("is stopped and terminated by RunPod when that was asked for", async () => {
    const { podId } = await stack.deploy({ stopAfterSeconds: 5, terminateAfterSeconds: 8 });
    const status = () => stack.runpod.account.pod(podId)?.desiredStatus ?? "gone";
    expect(status()).toBe("RUNNING");
    await expect.poll(status, { timeout: 10_000 }).toBe("EXITED");
    await expect.poll(status, { timeout: 10_000 }).toBe("gone");
  });
});
