import { describe, expect, it, vi } from "vitest";
import { hooksAgainstRunPod } from "../../../support/hooks-run.ts";

type Properties = Record<string, unknown>;

const { runpod, newRun } = hooksAgainstRunPod(() => import("../../../../providers/runpod/storage/volume-lifecycle.ts"));

const args: Properties = {
  ownerSeed: "00112233445566778899aabbccddeeff",
  resourceName: "models",
  dataCenter: "US-KS-2",
  sizeGb: 100,
};

async function checked(changed: Properties = {}, olds: Properties = {}): Promise<Properties> {
  const { inputs, failures } = await (await newRun()).check(olds, { ...args, ...changed }, undefined);
  expect(failures).toEqual([]);
  return inputs;
}

async function failuresOf(changed: Properties, olds: Properties = {}): Promise<string[]> {
  const { failures } = await (await newRun()).check(olds, { ...args, ...changed }, undefined);
  return failures.map(({ property, reason }) => `${property} ${reason}`);
}

async function created(changed: Properties = {}) {
  const { id, outs } = await (await newRun()).create(await checked(changed), undefined);
  return { id, outs: outs as Properties };
}

/** What a failed create leaves in the state. */
async function failedCreate(changed: Properties = {}) {
  const inputs = await checked(changed);
  const error: unknown = await (await newRun()).create(inputs, undefined).catch((thrown: unknown) => thrown);
  return error as Error & { id?: string; properties?: Properties; reasons?: string[] };
}

const volumes = () => runpod().account.networkVolumes();
const mutations = () =>
  runpod()
    .operations.all()
    .filter(({ name }) => name.endsWith("NetworkVolume")).length;
const byHand = (name: string, size = 100, dataCenterId = "US-KS-2") =>
  runpod().account.createNetworkVolume({ name, size, dataCenterId });

function attachPod(networkVolumeId: unknown) {
  return runpod().graphql(
    `mutation ($input: PodFindAndDeployOnDemandInput) { podFindAndDeployOnDemand(input: $input) { id } }`,
    {
      input: {
        name: "worker",
        imageName: "golden:1",
        gpuTypeId: "NVIDIA L4",
        gpuCount: 1,
        cloudType: "SECURE",
        networkVolumeId,
        volumeMountPath: "/workspace",
      },
    },
  );
}

describe("checking a network volume", () => {
  it("names it after the resource and its Owner, and keeps that name when the resource is renamed", async () => {
    const inputs = await checked();
    expect(inputs["ownName"]).toMatch(/^models-[0-9a-f]{16}$/);
    expect((await checked({ resourceName: "other" }, inputs))["ownName"]).toBe(inputs["ownName"]);
    expect((await checked({ ownerSeed: "another" }))["ownName"]).not.toBe(inputs["ownName"]);
  });

  it.each<[Properties, RegExp]>([
    [{ sizeGb: 5 }, /^sizeGb is 5; give whole GB from 10 to 4096$/],
    [{ sizeGb: 5000 }, /^sizeGb is 5000; give whole GB from 10 to 4096$/],
    [{ volumeName: " models" }, /^volumeName is " models"; give a name that neither begins nor ends with a blank$/],
    [
      { dataCenter: "US-GA-1" },
      /^dataCenter is "US-GA-1", where RunPod has no network volumes; give one of AP-JP-1, CA-MTL-1, .*US-TX-3$/,
    ],
    [{ dataCenter: "us-ks-2" }, /^dataCenter is "us-ks-2", where RunPod has no network volumes; give one of /],
  ])("refuses %j at preview", async (changed, expected) => {
    expect(await failuresOf(changed)).toEqual([expect.stringMatching(expected)]);
  });

  it("names every wrong input at once", async () => {
    expect(await failuresOf({ sizeGb: 5, dataCenter: "US-GA-1" })).toEqual([
      expect.stringMatching(/^sizeGb is 5; /),
      expect.stringMatching(/^dataCenter is "US-GA-1", /),
    ]);
  });

  it("refuses to shrink, but not in another data centre", async () => {
    const olds = await checked();
    expect(await failuresOf({ sizeGb: 50 }, olds)).toEqual([
      "sizeGb is 50; the volume has 100 GB and only grows: keep 100, or give the resource another name for another, empty volume",
    ]);
    expect(await failuresOf({ sizeGb: 50, dataCenter: "EU-RO-1" }, olds)).toEqual([]);
  });

  it("lets pass what is not known yet, and a data centre that the volume is in already", async () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    expect(await failuresOf({ ownerSeed: unknown, dataCenter: unknown, sizeGb: unknown })).toEqual([]);
    expect(await failuresOf({ dataCenter: "US-GA-1" }, { ...args, dataCenter: "US-GA-1" })).toEqual([]);
  });

  it("is not stopped by a RunPod that does not answer", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    runpod().faults.add({ operation: "dataCenters", kind: "graphql-error", times: 5 });
    expect(await failuresOf({ dataCenter: "XX-NO-1" })).toEqual([]);
    expect(console.warn).toHaveBeenCalledOnce();
  });
});

describe("creating a network volume", () => {
  it("gives it its own name, and tells its id", async () => {
    const { id, outs } = await created();
    const [volume] = volumes();
    expect(volume).toMatchObject({ size: 100, dataCenterId: "US-KS-2", name: outs["name"] });
    expect(outs).toMatchObject({ volumeId: volume?.id, sizeGb: 100, dataCenter: "US-KS-2" });
    expect(id).toBe(`US-KS-2/${volume?.name}`);
  });

  it("makes no double when the answer is lost", async () => {
    runpod().faults.add({ operation: "createNetworkVolume", kind: "reset-after" });
    const { outs } = await created();
    expect(volumes()).toMatchObject([{ id: outs["volumeId"] }]);
  });

  it("asks once more when RunPod stumbles", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    runpod().faults.add({ operation: "createNetworkVolume", kind: "http500" });
    const { outs } = await created();
    expect(volumes()).toMatchObject([{ id: outs["volumeId"] }]);
    expect(warn.mock.calls).toEqual([["RunPod answered createNetworkVolume with HTTP 500; asking once more"]]);
  });

  it("finds what an earlier run that was killed has created, and grows it", async () => {
    byHand((await checked())["ownName"] as string, 50);
    const { outs } = await created();
    expect(volumes()).toMatchObject([{ id: outs["volumeId"], size: 100 }]);
    expect(outs["sizeGb"]).toBe(100);
  });

  it("keeps a resource of unknown outcome, which the next run completes", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    runpod().faults.add({ operation: "createNetworkVolume", kind: "reset-before", times: 2 });
    const failed = await failedCreate();
    expect(failed.reasons).toEqual([expect.stringContaining("RunPod did not answer createNetworkVolume")]);
    expect(failed.properties).toMatchObject({ volumeId: null, sizeGb: 100 });
    expect(volumes()).toEqual([]);

    const olds = failed.properties ?? {};
    expect(await (await newRun()).diff(olds, await checked(), undefined)).toEqual({ changes: true });
    const { outs } = await (await newRun()).update(failed.id ?? "", olds, await checked(), undefined);
    expect(volumes()).toMatchObject([{ id: (outs as Properties)["volumeId"] }]);
  });

  it("lets destroy find by name what was created after all", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    runpod().faults.add({ operation: "createNetworkVolume", kind: "reset-before", times: 2 });
    const failed = await failedCreate();
    byHand(failed.properties?.["name"] as string);
    byHand("somebody else's");
    await (await newRun()).remove(failed.properties ?? {}, undefined);
    expect(volumes().map(({ name }) => name)).toEqual(["somebody else's"]);
  });

  it("forgets what RunPod refused", async () => {
    runpod().faults.add({ operation: "createNetworkVolume", kind: "graphql-error", message: "no space", code: "X" });
    const failed = await failedCreate();
    expect(failed.message).toBe("RunPod refused createNetworkVolume: no space");
    expect(failed.properties).toBeUndefined();
  });

  it("adopts a volume by its name, in its data centre only, and leaves a larger one as it is", async () => {
    byHand("shared", 500, "EU-RO-1");
    const shared = byHand("shared", 200);
    const { outs } = await created({ volumeName: "shared" });
    expect(outs).toMatchObject({ volumeId: shared.id, name: "shared", sizeGb: 200 });
    expect(volumes()).toHaveLength(2);
  });

  it("does not guess which of two volumes is meant", async () => {
    byHand("shared");
    byHand("shared");
    expect((await failedCreate({ volumeName: "shared" })).message).toMatch(
      /^2 network volumes in US-KS-2 have the name "shared" \(\w+, \w+\); delete or rename all but one$/,
    );
  });
});

describe("a network volume that is there", () => {
  const diffed = async (olds: Properties, changed: Properties = {}) =>
    (await newRun()).diff(olds, { ...(await checked()), ...changed }, undefined);
  const updated = async (id: string, olds: Properties, changed: Properties) =>
    (await (await newRun()).update(id, olds, await checked(changed), undefined)).outs as Properties;

  it("needs nothing when it is as wanted, or larger", async () => {
    const { outs } = await created();
    const before = mutations();
    expect(await diffed(outs)).toEqual({ changes: false });
    runpod().account.updateNetworkVolume(outs["volumeId"] as string, { size: 300 });
    expect(await diffed(outs)).toEqual({ changes: false });
    expect(mutations()).toBe(before);
  });

  it("grows, even when the answer is lost", async () => {
    const { id, outs } = await created();
    expect(await diffed(outs, { sizeGb: 150 })).toEqual({ changes: true });
    runpod().faults.add({ operation: "updateNetworkVolume", kind: "reset-after" });
    expect(await updated(id, outs, { sizeGb: 150 })).toMatchObject({ volumeId: outs["volumeId"], sizeGb: 150 });
    runpod().faults.add({ operation: "updateNetworkVolume", kind: "reset-before" });
    expect(await updated(id, outs, { sizeGb: 160 })).toMatchObject({ sizeGb: 160 });
    expect(volumes()).toMatchObject([{ size: 160 }]);
  });

  it("gets its name back, or another one, but never a taken one", async () => {
    const { id, outs } = await created();
    runpod().account.updateNetworkVolume(outs["volumeId"] as string, { name: "by hand" });
    expect(await diffed(outs)).toEqual({ changes: true });
    expect(await updated(id, outs, {})).toMatchObject({ name: outs["name"] });
    expect(await updated(id, outs, { volumeName: "models" })).toMatchObject({ name: "models" });

    byHand("taken");
    await expect(updated(id, outs, { volumeName: "taken" })).rejects.toThrow(
      /^"volumeName" is "taken", which is the name of another network volume in US-KS-2/,
    );
  });

  it("is replaced in another data centre, and when it was deleted by hand", async () => {
    const { outs } = await created();
    expect(await diffed(outs, { dataCenter: "EU-RO-1" })).toMatchObject({ changes: true, replaces: ["dataCenter"] });
    runpod().account.deleteNetworkVolume(outs["volumeId"] as string);
    expect(await diffed(outs)).toMatchObject({ changes: true, replaces: ["volumeId"] });
  });

  it("is compared with the last deployment when RunPod does not answer", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { outs } = await created();
    const news = await checked();
    runpod().faults.add({ operation: "myself", kind: "graphql-error", times: 5 });
    expect(await (await newRun()).diff(outs, news, undefined)).toEqual({ changes: false });
    expect(console.warn).toHaveBeenCalledOnce();
  });

  it("shows a refresh what was changed by hand", async () => {
    const { id, outs } = await created();
    runpod().account.updateNetworkVolume(outs["volumeId"] as string, { name: "by hand", size: 120 });
    expect(await (await newRun()).read(id, outs, undefined)).toEqual({
      id,
      props: { ...outs, name: "by hand", sizeGb: 120 },
    });
    runpod().account.deleteNetworkVolume(outs["volumeId"] as string);
    expect(await (await newRun()).read(id, outs, undefined)).toEqual({ id: "", props: {} });
  });
});

describe("deleting a network volume", () => {
  it.each(["reset-after", "reset-before"] as const)("is done although the connection broke (%s)", async (kind) => {
    const { outs } = await created();
    runpod().faults.add({ operation: "deleteNetworkVolume", kind });
    await (await newRun()).remove(outs, undefined);
    expect(volumes()).toEqual([]);
  });

  it("is done when it is gone already", async () => {
    const { outs } = await created();
    runpod().account.deleteNetworkVolume(outs["volumeId"] as string);
    await (await newRun()).remove(outs, undefined);
  });

  it("is refused while a pod has it, with the pod's name", async () => {
    const { outs } = await created();
    await attachPod(outs["volumeId"]);
    const [pod] = runpod().account.pods();
    await expect((await newRun()).remove(outs, undefined)).rejects.toThrow(
      `network volume "${String(outs["name"])}" (${String(outs["volumeId"])}, US-KS-2) cannot be deleted: it is attached to pod "worker" (${pod?.id}); terminate the pod first`,
    );
    expect(volumes()).toHaveLength(1);
    runpod().account.terminate(pod?.id ?? "");
    await (await newRun()).remove(outs, undefined);
    expect(volumes()).toEqual([]);
  });

  it("spares the volume that the same run found again for the resource", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { outs } = await created();
    const inputs = await checked();
    const run = await newRun();
    await run.create(inputs, undefined);
    await run.remove(outs, undefined);
    expect(volumes()).toMatchObject([{ id: outs["volumeId"] }]);
    expect(console.warn).toHaveBeenCalledWith(expect.stringMatching(/was kept: this deployment uses it/));
  });
});
