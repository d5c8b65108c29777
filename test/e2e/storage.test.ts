import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { createTestStack, type TestStack } from "../support/stack.ts";

/** In the order in which it happens: each step starts where the last one ended. */
describe("an endpoint with a network volume and a private image", () => {
  let runpod: StartedRunPod;
  let stack: TestStack;
  beforeAll(async () => {
    runpod = await startLocalRunPod();
    stack = await createTestStack(runpod.env);
    for (const [key, value] of [
      ["networkVolumeGb", "50"],
      ["networkVolumeDataCenter", "US-TX-3"],
      ["registryUsername", "me"],
    ] as const) {
      await stack.pulumi("config", "set", `comfy-endpoints:${key}`, value);
    }
    await stack.pulumi("config", "set", "--secret", "comfy-endpoints:registryPassword", "registry-secret-1");
  });
  afterAll(async () => {
    await runpod.close();
    stack.remove();
  });

  const up = async (): Promise<string> => {
    const run = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    return String((await stack.outputs())["podId"]);
  };
  /** The network volume's own folder on this machine. */
  const volumeFolder = (): string => {
    const [volume] = runpod.account.networkVolumes();
    return join(runpod.folder, "network-volumes", volume?.id ?? "");
  };
  let first: string;

  it("is refused at preview while the volume, which is still to be made, would be outside the app's regions", async () => {
    await stack.pulumi("config", "set", "comfy-endpoints:networkVolumeDataCenter", "EU-RO-1");
    const run = await stack.pulumi("preview");
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("the network volume is in EU-RO-1; add EU-RO-1");
    await stack.pulumi("config", "set", "comfy-endpoints:networkVolumeDataCenter", "US-TX-3");
    const mended = await stack.pulumi("preview");
    expect(mended.output).toMatch(/expected cost: .* USD per hour \(SECURE spot .* in US-TX-3\)/);
  });

  it("has the volume mounted and the credential set", async () => {
    first = await up();
    const [volume, ...others] = runpod.account.networkVolumes();
    const [auth] = runpod.account.registryAuths();
    expect(others).toEqual([]);
    expect(runpod.account.pod(first)).toMatchObject({
      networkVolumeId: volume?.id,
      dataCenterId: "US-TX-3",
      cloud: "SECURE",
      job: { volumeMountPath: "/cache", containerRegistryAuthId: auth?.id },
    });
  });

  it("keeps its models through a replacement, and each pod's state apart", async () => {
    writeFileSync(join(volumeFolder(), "model.safetensors"), "weights");
    await stack.pulumi("config", "set", "comfy-endpoints:podRotation", "1");
    const second = await up();
    expect(second).not.toBe(first);
    expect(existsSync(join(volumeFolder(), "model.safetensors"))).toBe(true);
    expect(readdirSync(join(volumeFolder(), "state"))).toEqual([first, second].sort());
  });

  it("changes nothing when nothing changed", async () => {
    await up();
    const { same, ...others } = await stack.changes();
    expect([same, others]).toEqual([9, {}]);
  });

  it("leaves nothing behind", async () => {
    const run = await stack.pulumi("destroy", "--yes", "--skip-preview");
    expect(run.code, run.output).toBe(0);
    const { account } = runpod;
    expect([account.pods(), account.networkVolumes(), account.registryAuths()]).toEqual([[], [], []]);
  });
});
