import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StartedRunPod } from "../support/local-runpod.ts";
import type { Inputs, ProgramStack } from "../support/program-stack.ts";
import type { PulumiRun } from "../support/stack.ts";
import { startStorageStack } from "../support/storage-stack.ts";

describe("a network volume and a registry credential, with the real engine", () => {
  let runpod: StartedRunPod;
  let stack: ProgramStack;
  /** Inputs of every run from here on. */
  let wanted: Inputs = {};

  beforeAll(async () => {
    stack = await startStorageStack();
    runpod = stack.runpod;
  });

  afterAll(() => stack.close());

  const change = (changed: Inputs): void => {
    wanted = { ...wanted, ...changed };
  };
  const showsPassword = async () => (await stack.state()).includes("s3cret-");
  const succeeds = async (started: Promise<PulumiRun>) => {
    const { code, output } = await started;
    expect(code, output).toBe(0);
    return output;
  };
  const pulumi = (command: string, ...args: string[]) =>
    succeeds(stack.pulumi(command, "--yes", "--skip-preview", ...args));
  const up = (...flags: string[]) => succeeds(stack.up(wanted, ...flags));
  const volumes = () => runpod.account.networkVolumes();
  const volumeId = async () => (await stack.outputs())["volumeId"];

  it("are created, under names of their own", async () => {
    await up();
    expect(await stack.changes()).toEqual({ create: 4 });
    expect(volumes()).toMatchObject([{ id: await volumeId(), size: 100, dataCenterId: "US-KS-2" }]);
    expect(runpod.account.registryAuths()).toMatchObject([{ username: "me", password: "s3cret-1" }]);
    expect(await showsPassword()).toBe(false);
  });

  it("are left alone by an up that changes nothing", async () => {
    stack.mutations();
    await up();
    expect(await stack.changes()).toEqual({ same: 4 });
    expect(stack.mutations()).toEqual([]);
  });

  it("grow, are renamed and get a new password in place", async () => {
    const id = await volumeId();
    change({ sizeGb: 150, volumeName: "models", password: "s3cret-2" });
    await up();
    expect(await stack.changes()).toEqual({ same: 2, update: 2 });
    expect(await stack.outputs()).toMatchObject({ volumeId: id, volumeName: "models", sizeGb: 150 });
    expect(volumes()).toMatchObject([{ id, name: "models", size: 150 }]);
    expect(runpod.account.registryAuths()).toMatchObject([{ password: "s3cret-2" }]);
    expect(await showsPassword()).toBe(false);
  });

  it("are refused at preview when the volume would shrink", async () => {
    const run = await stack.preview({ ...wanted, sizeGb: 50 });
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("the volume has 150 GB and only grows: keep 150");
    expect(run.output).not.toMatch(/\n\s+at /);
  });

  it("are made anew after they were deleted by hand, with a refresh or without", async () => {
    runpod.account.deleteNetworkVolume((await volumeId()) as string);
    await pulumi("refresh");
    expect(await stack.changes()).toMatchObject({ delete: 1 });
    await up();
    expect(await stack.changes()).toEqual({ same: 3, create: 1 });

    runpod.account.deleteNetworkVolume((await volumeId()) as string);
    runpod.account.deleteRegistryAuth((await stack.outputs())["registryAuthId"] as string);
    await up();
    expect(await stack.changes()).toEqual({ same: 2, replace: 2 });
    expect(volumes()).toMatchObject([{ id: await volumeId(), size: 150 }]);
    expect(runpod.account.registryAuths()).toHaveLength(1);
  });

  it("survive a replacement that is asked for by hand, for it finds the same volume", async () => {
    const id = await volumeId();
    const urn = "urn:pulumi:test::comfy-endpoints::pulumi-nodejs:dynamic/comfy-endpoints:NetworkVolume::models";
    expect(await up("--replace", urn)).toContain("was kept: this deployment uses it");
    expect(volumes()).toMatchObject([{ id }]);
    expect(await volumeId()).toBe(id);
  });

  it("move to another data centre, where the volume begins empty", async () => {
    const id = await volumeId();
    change({ dataCenter: "EU-RO-1" });
    await up();
    expect(volumes()).toMatchObject([{ id: await volumeId(), dataCenterId: "EU-RO-1" }]);
    expect(await volumeId()).not.toBe(id);
  });

  it("are kept after a create of unknown outcome, and completed by the next up", async () => {
    await pulumi("destroy");
    runpod.faults.add({ operation: "createNetworkVolume", kind: "reset-before", times: 2 });
    runpod.faults.add({ operation: "saveRegistryAuth", kind: "reset-before", times: 2 });
    const run = await stack.up(wanted, "--continue-on-error");
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("RunPod did not answer createNetworkVolume");
    expect(run.output).toContain("RunPod did not answer createRegistryAuth");
    expect(run.output).not.toContain("s3cret-");
    expect(await showsPassword()).toBe(false);
    await up();
    expect(await stack.changes()).toEqual({ same: 2, update: 2 });
    expect(volumes()).toMatchObject([{ id: await volumeId() }]);
  });

  it("are destroyed, but not while a pod has the volume", async () => {
    const podId = await attachPod(await volumeId());
    const refused = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain(`it is attached to pod "worker" (${podId})`);
    runpod.account.terminate(podId);
    await pulumi("destroy", "--run-program");
    expect(volumes()).toEqual([]);
    expect(runpod.account.registryAuths()).toEqual([]);
  });

  async function attachPod(networkVolumeId: unknown): Promise<string> {
    const where = { gpuTypeId: "NVIDIA L4", gpuCount: 1, cloudType: "SECURE", networkVolumeId };
    const input = { name: "worker", imageName: "golden:1", volumeMountPath: "/workspace", ...where };
    const { data } = await runpod.graphql(
      "mutation ($input: PodFindAndDeployOnDemandInput) { podFindAndDeployOnDemand(input: $input) { id } }",
      { input },
    );
    return (data?.["podFindAndDeployOnDemand"] as { id: string }).id;
  }
});
