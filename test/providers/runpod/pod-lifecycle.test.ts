import { describe, expect, it, vi } from "vitest";
import { hooksAgainstRunPod } from "../../support/hooks-run.ts";

type Properties = Record<string, unknown>;

const { runpod, newRun } = hooksAgainstRunPod(() => import("../../../providers/runpod/pod-lifecycle.ts"));

const args = {
  appId: "cards",
  ownerSeed: "00112233445566778899aabbccddeeff",
  resourceName: "pod",
  image: "example/golden:1",
  env: { GREETING: "hello", OLD: "1" } as Record<string, string>,
  ports: ["8080/http"],
  publicPort: 8080,
  containerDiskGb: 30,
  volumeGb: 0,
  volumeMountPath: "/cache",
  preferredGpuTypes: ["RTX 4090"],
  gpuCount: 1,
  regions: ["US"],
  startTimeoutSeconds: 60,
  drainSeconds: 0,
};

const created = async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  const hooks = await newRun();
  const { inputs } = await hooks.check({}, args, undefined);
  const { id, outs } = await hooks.create(inputs, undefined);
  return { id, outs: outs as Properties, inputs };
};
const job = () => runpod().account.pods()[0]?.job;

describe("an edit whose request never arrived", () => {
  it.each<[string, Properties, Properties]>([
    ["drops a variable", { env: { GREETING: "hello" } }, { env: { GREETING: "hello" } }],
    ["changes the registry credential", { registryAuthId: "auth2" }, { containerRegistryAuthId: "auth2" }],
  ])("is sent again when all it does is that it %s", async (_, changed, expected) => {
    const { id, outs, inputs } = await created();
    runpod().faults.add({ operation: "podEditJob", kind: "reset-before" });
    await (await newRun()).update(id, outs, { ...inputs, ...changed }, undefined);
    expect(job()).toMatchObject({ env: { GREETING: "hello" }, ...expected });
    const names = Object.keys(job()?.env ?? {}).filter((name) => name !== "COMFY_ENDPOINTS_RENTAL");
    expect(names).toEqual(Object.keys(expected["env"] ?? args.env));
  });
});

describe("deleting a pod", () => {
  it("needs nothing of its state but the pod's id: an older state may lack the rest", async () => {
    const { id, outs } = await created();
    await (await newRun()).remove(id, { podId: outs["podId"], env: outs["env"] }, undefined);
    expect(runpod().account.pods()).toEqual([]);
  });
});
