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

const created = async (env: Record<string, string> = {}) => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  const hooks = await newRun();
  const { inputs } = await hooks.check({}, { ...args, env: { ...args.env, ...env } }, undefined);
  const { id, outs } = await hooks.create(inputs, undefined);
  return { id, outs: outs as Properties, inputs };
};
const job = () => runpod().account.pods()[0]?.job;

describe("checking a pod of which not everything is known yet", () => {
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const checked = async (changed: Properties) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const { failures } = await (await newRun()).check({}, { ...args, ...changed }, undefined);
    return { failures, told: log.mock.calls.map(([line]) => String(line)) };
  };

  it("tells what it will cost although image, environment, seed and credential are made by the same deployment", async () => {
    const { failures, told } = await checked({
      image: unknown,
      env: unknown,
      ownerSeed: unknown,
      registryAuthId: unknown,
    });
    expect(failures).toEqual([]);
    expect(told).toEqual([
      expect.stringMatching(/^pod: expected cost: 0\.24 USD per hour \(COMMUNITY spot RTX 4090 in US-/),
    ]);
  });

  it("refuses a network volume that will be outside the regions, and places one that will not in the secure cloud", async () => {
    const volume = { networkVolumeId: unknown, networkVolumeDataCenter: "EU-RO-1" };
    expect((await checked(volume)).failures).toEqual([
      { property: "regions", reason: '"regions" is US, but the network volume is in EU-RO-1; add EU-RO-1' },
    ]);
    const { failures, told } = await checked({ ...volume, regions: ["EU"] });
    expect(failures).toEqual([]);
    expect(told).toEqual([expect.stringMatching(/\(SECURE spot RTX 4090 in EU-RO-1\)/)]);
  });

  it("is not kept by one wrong input from looking at the others", async () => {
    const { failures } = await checked({ image: "", minVramGb: 900, preferredGpuTypes: [], publicPort: 1 });
    expect(failures.map(({ property }) => property)).toEqual(["image", "publicPort", "minVramGb"]);
  });

  it("asks for no place while it is not known what to ask for", async () => {
    expect(await checked({ minVramGb: unknown })).toEqual({ failures: [], told: [] });
  });
});

describe("checking a smaller volume", () => {
  it("matters only where the pod has a volume of its own", async () => {
    const { inputs } = await created();
    const hooks = await newRun();
    const olds = { ...inputs, volumeGb: 100, networkVolumeId: "v" };
    const { failures } = await hooks.check(olds, { ...args, volumeGb: 0, networkVolumeId: "v" }, undefined);
    expect(failures).toEqual([]);
    const own = await hooks.check({ ...inputs, volumeGb: 100 }, { ...args, volumeGb: 50 }, undefined);
    expect(own.failures).toMatchObject([{ property: "volumeGb" }]);
  });
});

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

describe("an error that quotes what was sent", () => {
  it.each(["podRentInterruptable", "podEditJob"])("does not show the environment's values (%s)", async (operation) => {
    const token = "hf_token_of_somebody";
    const quote = (): void =>
      runpod().faults.add({
        operation,
        kind: "graphql-error",
        message: `got invalid value { key: "HF_TOKEN", value: "${token}" }`,
        code: "BAD_USER_INPUT",
      });
    const deploy = async () => {
      if (operation === "podRentInterruptable") quote();
      const { id, outs, inputs } = await created({ HF_TOKEN: token });
      quote();
      return (await newRun()).update(id, outs, { ...inputs, image: "example/golden:2" }, undefined);
    };
    const error = await deploy().then(
      () => undefined,
      (thrown: unknown) => thrown as Error & { properties?: { reason?: string } },
    );
    expect(error?.message).toContain('value: "[secret]"');
    expect(`${error?.message ?? ""}${error?.properties?.reason ?? ""}`).not.toContain(token);
  });
});

describe("deleting a pod", () => {
  it("needs nothing of its state but the pod's id: an older state may lack the rest", async () => {
    const { id, outs } = await created();
    await (await newRun()).remove(id, { podId: outs["podId"], env: outs["env"] }, undefined);
    expect(runpod().account.pods()).toEqual([]);
  });
});
