import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NoPython } from "../../scripts/python/packages.ts";
import { podImage } from "../local/pod-program.ts";
import { type StartedRunPod, startLocalRunPod } from "../support/local-runpod.ts";
import { installPythonSdk, type PythonSdk, startPythonSdk } from "../support/python-sdk.ts";
import { until } from "../support/until.ts";

// Not one of ours, and so it knows nothing of what the local RunPod leaves out.
let runpod: StartedRunPod;
let sdk: PythonSdk | undefined;
let missing = "";

beforeAll(async () => {
  runpod = await startLocalRunPod({ container: podImage() });
  try {
    sdk = startPythonSdk(await installPythonSdk(), runpod.url, runpod.folder);
  } catch (error) {
    if (!(error instanceof NoPython)) throw error;
    missing = error.message;
  }
});
afterAll(async () => {
  sdk?.stop();
  await runpod.close();
});
beforeEach((context) => {
  if (missing !== "") context.skip(missing);
});

const call = async (...[name, args, key]: Parameters<PythonSdk["call"]>): Promise<unknown> => {
  const answer = await sdk?.call(name, args, key);
  return answer !== undefined && "result" in answer ? answer.result : answer;
};
const created = async (args: object = {}): Promise<string> => {
  const pod = await call("create_pod", {
    name: "pod",
    image_name: "example/image:1",
    gpu_type_id: "NVIDIA L4",
    ...args,
  });
  expect(pod).toHaveProperty("id");
  return (pod as { id: string }).id;
};
const queryError = (message: string) => ({ error: "QueryError", message });

describe("RunPod's Python SDK asks the local RunPod", () => {
  it("for GPU types", async () => {
    const gpus = (await call("get_gpus")) as unknown[];
    expect(gpus).toContainEqual({ id: "NVIDIA L4", displayName: "L4", memoryInGb: 24 });
    expect(gpus).toHaveLength(runpod.account.catalogue.gpuTypes.length);
    expect(await call("get_gpu", { gpu_id: "NVIDIA RTX A4000", gpu_quantity: 2 })).toEqual({
      id: "NVIDIA RTX A4000",
      displayName: "RTX A4000",
      manufacturer: "Nvidia",
      memoryInGb: 16,
      maxGpuCount: 8,
      cudaCores: null,
      secureCloud: true,
      communityCloud: true,
      securePrice: 0.25,
      communityPrice: 0.17,
      oneWeekPrice: null,
      oneMonthPrice: null,
      threeMonthPrice: null,
      secureSpotPrice: 0.17,
      communitySpotPrice: 0.12,
      lowestPrice: { minimumBidPrice: 0.12, uninterruptablePrice: 0.17 },
    });
    expect(await call("get_gpu", { gpu_id: "NVIDIA H1000" })).toEqual({
      error: "ValueError",
      message: "No GPU found with the specified ID, run runpod.get_gpus() to get a list of all GPUs",
    });
  });

  it("for a pod, and follows it through its life", async () => {
    const pod = (await call("create_pod", {
      name: "cards",
      image_name: "example/image:1",
      gpu_type_id: "NVIDIA L4",
      cloud_type: "SECURE",
      data_center_id: "US-KS-2",
      start_ssh: false,
      volume_in_gb: 10,
      volume_mount_path: "/workspace",
      ports: "8080/http,22/tcp",
      env: { COLOR: "red" },
    })) as { id: string };
    const { id } = pod;
    const host = { machineId: "us-ks-2-secure-l4", machine: { podHostId: `${id}-64410000` } };
    expect(pod).toEqual({ id, imageName: "example/image:1", env: ["COLOR=red"], ...host });

    await until(
      "it runs",
      async () => ((await call("get_pod", { pod_id: id })) as { runtime: unknown }).runtime !== null,
    );
    const running = (await call("get_pod", { pod_id: id })) as object;
    expect(running).toEqual({
      id,
      name: "cards",
      desiredStatus: "RUNNING",
      lastStatusChange: expect.stringMatching(/^Rented by User: /) as string,
      imageName: "example/image:1",
      env: ["COLOR=red"],
      ports: "8080/http,22/tcp",
      port: null,
      dockerArgs: "",
      dockerId: null,
      containerDiskInGb: 10,
      volumeInGb: 10,
      volumeMountPath: "/workspace",
      gpuCount: 1,
      vcpuCount: 8,
      memoryInGb: 48,
      costPerHr: 0.43,
      podType: "RESERVED",
      machineId: host.machineId,
      machine: { gpuDisplayName: "L4" },
      uptimeSeconds: expect.any(Number) as number,
      runtime: {
        ports: [
          { ip: "100.65.0.1", isIpPublic: false, privatePort: 8080, publicPort: 60_080, type: "http" },
          { ip: "127.0.0.1", isIpPublic: true, privatePort: 22, publicPort: expect.any(Number) as number, type: "tcp" },
        ],
      },
    });
    expect(await call("get_pods")).toMatchObject([{ ...running, uptimeSeconds: expect.any(Number) as number }]);

    expect(await call("stop_pod", { pod_id: id })).toEqual({ id, desiredStatus: "EXITED" });
    expect(await call("resume_pod", { pod_id: id, gpu_count: 1 })).toEqual({ ...pod, desiredStatus: "RUNNING" });
    expect(await call("terminate_pod", { pod_id: id })).toBeNull();
    expect(await call("get_pod", { pod_id: id })).toBeNull();
    expect(await call("get_pods")).toEqual([]);
    expect(await call("terminate_pod", { pod_id: id })).toEqual(queryError("pod not found to terminate"));
  });

  it("for a pod with its own defaults, and one with a network volume, whose data centre it looks up", async () => {
    const { id: volume } = runpod.account.createNetworkVolume({ name: "v", size: 10, dataCenterId: "EU-RO-1" });
    expect(await call("get_user")).toEqual({
      id: "user_local",
      pubKey: expect.stringMatching(/^ssh-ed25519 /) as string,
      networkVolumes: [{ id: volume, name: "v", size: 10, dataCenterId: "EU-RO-1" }],
    });
    const pods = [await created(), await created({ network_volume_id: volume })].map((id) => runpod.account.pod(id));
    expect(pods[0]).toMatchObject({ gpuCount: 1, job: { volumeMountPath: "/runpod-volume", containerDiskInGb: 10 } });
    // What startSsh adds.
    expect(Object.keys(pods[0]?.job.env ?? {})).toEqual(["PUBLIC_KEY"]);
    expect(pods[1]).toMatchObject({ cloud: "SECURE", dataCenterId: "EU-RO-1", networkVolumeId: volume });
    for (const pod of pods) await call("terminate_pod", { pod_id: pod?.id });
  });

  it("to keep the login of a registry", async () => {
    const login = { username: "me", password: "secret" };
    const auth = (await call("create_container_registry_auth", { name: "hub", ...login })) as { id: string };
    expect(auth).toEqual({ id: auth.id, name: "hub" });
    const changed = { registry_auth_id: auth.id, username: "me", password: "other" };
    expect(await call("update_container_registry_auth", changed)).toEqual(auth);
    expect(runpod.account.registryAuths()).toMatchObject([{ ...auth, username: "me", password: "other" }]);
    expect(await call("delete_container_registry_auth", { registry_auth_id: auth.id })).toBeNull();
    expect(runpod.account.registryAuths()).toEqual([]);
    expect(await call("update_container_registry_auth", changed)).toEqual(
      queryError(`registry auth not found: ${auth.id}`),
    );
  });
});

describe("RunPod's Python SDK is refused by the local RunPod", () => {
  it("without the account's key", async () => {
    const message = "Unauthorized request, please check your API key.";
    expect(await call("get_pods", {}, "wrong")).toEqual({ error: "AuthenticationError", message });
    expect(await call("get_pods", {}, null)).toEqual({ error: "AuthenticationError", message: "No API key provided" });
  });

  it("when there is no stock, no money, or no GPU left on the host, in RunPod's words", async () => {
    const id = await created({ data_center_id: "US-TX-3", cloud_type: "SECURE" });
    await call("stop_pod", { pod_id: id });
    runpod.account.setStock({ gpuTypeId: "NVIDIA L4" }, 0);
    expect(await call("resume_pod", { pod_id: id, gpu_count: 1 })).toEqual(
      queryError("There are not enough free GPUs on the host machine to start this pod."),
    );
    const wish = { name: "pod", image_name: "example/image:1", gpu_type_id: "NVIDIA L4" };
    expect(await call("create_pod", wish)).toEqual(
      queryError(
        "There are no longer any instances available with the requested specifications. Please refresh and try again.",
      ),
    );
    runpod.account.setStock({ gpuTypeId: "NVIDIA L4" }, 8);
    runpod.account.balance = 0.1;
    const tooLow = queryError("Your account balance is too low to rent a pod. Please add funds to your account.");
    expect(await call("create_pod", wish)).toEqual(tooLow);
    expect(await call("resume_pod", { pod_id: id, gpu_count: 1 })).toEqual(tooLow);
    runpod.account.balance = 100;
    await call("terminate_pod", { pod_id: id });
  });

  it("when it asks for what is not served here, by name", async () => {
    expect(await call("create_template", { name: "t", image_name: "example/image:1" })).toEqual(
      queryError('Cannot query field "saveTemplate" on type "Mutation".'),
    );
    expect(await call("get_endpoints")).toEqual(queryError('Cannot query field "endpoints" on type "User".'));
    const cuda = { name: "p", image_name: "i", gpu_type_id: "NVIDIA L4", allowed_cuda_versions: ["12.4"] };
    expect(await call("create_pod", cuda)).toEqual(
      queryError('Field "allowedCudaVersions" is not defined by type "PodFindAndDeployOnDemandInput".'),
    );
  });

  it("by a fault: the edge's HTML is nothing that it could read", async () => {
    runpod.faults.add({ operation: "myself", kind: "http500" });
    expect(await call("get_pods")).toMatchObject({ error: "JSONDecodeError" });
    runpod.faults.add({
      operation: "myself",
      kind: "graphql-error",
      message: "There are no instances currently available",
    });
    expect(await call("get_pods")).toEqual(queryError("There are no instances currently available"));
  });
});
