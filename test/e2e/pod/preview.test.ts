import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PodStack, startPodStack } from "../../support/pod-stack.ts";

describe("a preview tells the truth", () => {
  let stack: PodStack;
  beforeAll(async () => {
    stack = await startPodStack();
  });
  afterAll(() => stack.close());

  const refusal = async (changed: object): Promise<string> => {
    const run = await stack.preview(changed);
    expect(run.code).not.toBe(0);
    expect(run.output).not.toMatch(/\n\s+at /);
    expect(stack.mutations()).toEqual([]);
    return run.output;
  };

  it("names every wrong input at once, by its path", async () => {
    const output = await refusal({
      containerDiskGb: 0,
      image: "",
      ports: ["8080/http", "x"],
      startTimeoutSeconds: 1.5,
      minVramGb: 900,
      preferredGpuTypes: [],
      regions: ["MOON"],
    });
    expect(output).toContain("property containerDiskGb");
    expect(output).toContain("property image");
    expect(output).toContain("property ports[1]");
    expect(output).toContain("property startTimeoutSeconds");
    expect(output).toContain("give ports as 8080/http");
    expect(output).toContain("property minVramGb");
    expect(output).toContain("property regions");
  });

  it.each<[string, object, string]>([
    [
      "a public port that is not declared",
      { publicPort: 3000 },
      '"ports" (8080/http) does not declare; add "3000/http"',
    ],
    ["VRAM that nothing has", { preferredGpuTypes: [], minVramGb: 900 }, '"compute_policy.min_vram_gb" is 900'],
    ["a GPU that RunPod does not offer", { preferredGpuTypes: ["RTX 9999"] }, "names RTX 9999, which RunPod does not"],
    ["a region that is none", { regions: ["MOON"] }, '"regions" names MOON'],
    ["a price below every offer", { maxPricePerHour: 0.01 }, '"compute_policy.max_price_per_hour" is 0.01'],
    ["VRAM below nothing", { minVramGb: -1 }, "property minVramGb value {-1} has a problem: is -1; give GB above 0"],
    [
      "a price below nothing",
      { maxPricePerHour: 0 },
      "property maxPricePerHour value {0} has a problem: is 0; give USD",
    ],
    [
      "a network volume that is not there",
      { networkVolumeId: "nope" },
      'property networkVolumeId value {nope} has a problem: is "nope", but the account has no such volume',
    ],
    ["a pod to adopt that is not there", { adoptPodId: "nope" }, 'is "nope", but the account has no such pod'],
  ])("refuses %s", async (_, changed, text) => {
    expect(await refusal(changed)).toContain(text);
  });

  it("refuses a network volume outside the regions, or in the community cloud", async () => {
    const volume = stack.runpod.account.createNetworkVolume({ name: "models", size: 100, dataCenterId: "EU-RO-1" });
    expect(await refusal({ networkVolumeId: volume.id })).toContain("the network volume is in EU-RO-1; add EU-RO-1");
    const community = { regions: ["EU"], profiles: [{ cloud: "COMMUNITY", spot: true }] };
    expect(await refusal({ networkVolumeId: volume.id, ...community })).toContain(
      "where no network volume can be attached",
    );
  });

  it("refuses to adopt a pod that lacks the network volume which is asked for", async () => {
    const [volume] = stack.runpod.account.networkVolumes();
    const { data } = await stack.runpod.graphql(
      `mutation { podFindAndDeployOnDemand(input: {name: "by-hand", imageName: "x", gpuTypeId: "NVIDIA L4", gpuCount: 1}) { id } }`,
    );
    const { id } = data?.["podFindAndDeployOnDemand"] as { id: string };
    stack.mutations();
    const output = await refusal({ adoptPodId: id, networkVolumeId: volume?.id ?? "" });
    expect(output).toContain(
      `property adoptPodId value {${id}} has a problem: is "${id}", which has no network volume`,
    );
    stack.runpod.account.terminate(id);
  });

  it("shows what the pod will cost, having asked once", async () => {
    const before = stack.runpod.operations.all().length;
    const run = await stack.preview({ regions: ["US-TX-3"], maxPricePerHour: 0.4 });
    expect(run.output).toContain(
      "pod: expected cost: 0.24 USD per hour (COMMUNITY spot RTX 4090 in US-TX-3); 0.24 to 0.34 by what is free",
    );
    const asked = stack.runpod.operations
      .all()
      .slice(before)
      .map(({ name }) => name);
    expect(asked.filter((name) => name === "gpuTypes")).toEqual(["gpuTypes"]);
  });

  it("tells an update from a replacement", async () => {
    await stack.deploy();
    const kinds = async (changed: object): Promise<string> => {
      const { code, output } = await stack.preview(changed);
      expect(code, output).toBe(0);
      const [, kind = "same"] = /RunPodPod pod (update|replace|create replacement)/.exec(output) ?? [];
      return kind === "create replacement" ? "replace" : kind;
    };
    expect(await kinds({})).toBe("same");
    expect(await kinds({ image: "example/golden:2" })).toBe("update");
    expect(await kinds({ env: { GREETING: "bye" } })).toBe("update");
    expect(await kinds({ volumeGb: 200 })).toBe("update");
    expect(await kinds({ regions: ["US", "EU"] })).toBe("update");
    expect(await kinds({ regions: ["EU"] })).toBe("replace");
    expect(await kinds({ preferredGpuTypes: ["L40S"] })).toBe("replace");
    expect(await kinds({ stopAfterSeconds: 3600 })).toBe("replace");
    expect(await kinds({ podRotation: "1" })).toBe("replace");
    expect(await kinds({ podRotation: "1", volumeGb: 50 })).toBe("replace");
  });

  it("refuses a smaller volume on a pod that stays", async () => {
    stack.mutations();
    expect(await refusal({ volumeGb: 50 })).toContain("the pod's volume has 100 GB and only grows; keep 100");
  });
});
