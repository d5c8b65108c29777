import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { createStackOf, type TestStack } from "../support/stack.ts";
import { writeStorageProgram } from "../support/storage-program.ts";

describe("a network volume and a registry credential, with the real engine", () => {
  let runpod: StartedRunPod;
  let stack: TestStack;

  beforeAll(async () => {
    runpod = await startLocalRunPod();
    stack = await createStackOf(writeStorageProgram(), runpod.env);
    await configure({ dataCenter: "US-KS-2", sizeGb: "100" });
    await setPassword("s3cret-1");
  });

  afterAll(async () => {
    await runpod.close();
    stack.remove();
  });

  const configure = async (values: Record<string, string>) => {
    for (const [key, value] of Object.entries(values)) {
      await stack.pulumi("config", "set", `comfy-endpoints:${key}`, value);
    }
  };
  // Secret in the config, for that is kept in the state too; the program hands it on as plain text.
  const setPassword = (value: string) => stack.pulumi("config", "set", "--secret", "comfy-endpoints:password", value);
  const showsPassword = async () => (await stack.state()).includes("s3cret-");
  const pulumi = async (command: string, ...args: string[]) => {
    runpod.operations.clear();
    const run = await stack.pulumi(command, "--yes", "--skip-preview", ...args);
    expect(run.code, run.output).toBe(0);
    return run.output;
  };
  const mutations = () =>
    runpod.operations
      .all()
      .map(({ name }) => name)
      .filter((name) => /NetworkVolume|RegistryAuth/.test(name));
  const volumes = () => runpod.account.networkVolumes();
  const volumeId = async () => (await stack.outputs())["volumeId"];

  it("are created, under names of their own", async () => {
    await pulumi("up");
    expect(await stack.changes()).toEqual({ create: 4 });
    expect(volumes()).toMatchObject([{ id: await volumeId(), size: 100, dataCenterId: "US-KS-2" }]);
    expect(runpod.account.registryAuths()).toMatchObject([{ username: "me", password: "s3cret-1" }]);
    expect(await showsPassword()).toBe(false);
  });

  it("are left alone by an up that changes nothing", async () => {
    await pulumi("up");
    expect(await stack.changes()).toEqual({ same: 4 });
    expect(mutations()).toEqual([]);
  });

  it("grow, are renamed and get a new password in place", async () => {
    const id = await volumeId();
    await configure({ sizeGb: "150", volumeName: "models" });
    await setPassword("s3cret-2");
    await pulumi("up");
    expect(await stack.changes()).toEqual({ same: 2, update: 2 });
    expect(await stack.outputs()).toMatchObject({ volumeId: id, volumeName: "models", sizeGb: 150 });
    expect(volumes()).toMatchObject([{ id, name: "models", size: 150 }]);
    expect(runpod.account.registryAuths()).toMatchObject([{ password: "s3cret-2" }]);
    expect(await showsPassword()).toBe(false);
  });

  it("are refused at preview when the volume would shrink", async () => {
    await configure({ sizeGb: "50" });
    const run = await stack.pulumi("preview");
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("the volume has 150 GB and only grows: keep 150");
    expect(run.output).not.toMatch(/\n\s+at /);
    await configure({ sizeGb: "150" });
  });

  it("are made anew after they were deleted by hand, with a refresh or without", async () => {
    runpod.account.deleteNetworkVolume((await volumeId()) as string);
    await pulumi("refresh");
    expect(await stack.changes()).toMatchObject({ delete: 1 });
    await pulumi("up");
    expect(await stack.changes()).toEqual({ same: 3, create: 1 });

    runpod.account.deleteNetworkVolume((await volumeId()) as string);
    runpod.account.deleteRegistryAuth((await stack.outputs())["registryAuthId"] as string);
    await pulumi("up");
    expect(await stack.changes()).toEqual({ same: 2, replace: 2 });
    expect(volumes()).toMatchObject([{ id: await volumeId(), size: 150 }]);
    expect(runpod.account.registryAuths()).toHaveLength(1);
  });

  it("survive a replacement that is asked for by hand, for it finds the same volume", async () => {
    const id = await volumeId();
    const urn = "urn:pulumi:test::storage::pulumi-nodejs:dynamic/comfy-endpoints:NetworkVolume::models";
    expect(await pulumi("up", "--replace", urn)).toContain("was kept: this deployment uses it");
    expect(volumes()).toMatchObject([{ id }]);
    expect(await volumeId()).toBe(id);
  });

  it("move to another data centre, where the volume begins empty", async () => {
    const id = await volumeId();
    await configure({ dataCenter: "EU-RO-1" });
    await pulumi("up");
    expect(volumes()).toMatchObject([{ id: await volumeId(), dataCenterId: "EU-RO-1" }]);
    expect(await volumeId()).not.toBe(id);
  });

  it("are kept after a create of unknown outcome, and completed by the next up", async () => {
    await pulumi("destroy");
    runpod.faults.add({ operation: "createNetworkVolume", kind: "reset-before" });
    runpod.faults.add({ operation: "saveRegistryAuth", kind: "reset-before" });
    const run = await stack.pulumi("up", "--yes", "--skip-preview", "--continue-on-error");
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("RunPod did not answer createNetworkVolume");
    expect(run.output).toContain("RunPod did not answer createRegistryAuth");
    expect(run.output).not.toContain("s3cret-");
    expect(await showsPassword()).toBe(false);
    await pulumi("up");
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
