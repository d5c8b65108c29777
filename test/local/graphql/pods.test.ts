import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { mutate, podOf, refused, rent, statusChange, wish, withoutContainers } from "../renting.ts";

let runpod: StartedRunPod;
beforeAll(async () => {
  runpod = await startLocalRunPod(withoutContainers);
});
afterAll(() => runpod.close());

const noInstances =
  "There are no longer any instances available with the requested specifications. Please refresh and try again.";

describe("renting a pod", () => {
  it("answers at once with a pod that is to run and does not yet (documented)", async () => {
    const fields = `{ name desiredStatus lastStatusChange imageName env ports gpuCount containerDiskInGb volumeInGb
      volumeMountPath costPerHr podType networkVolumeId runtime { uptimeInSeconds }
      machine { gpuTypeId gpuDisplayName dataCenterId location secureCloud supportPublicIp } }`;
    expect(await mutate(runpod, "podFindAndDeployOnDemand", wish, fields)).toEqual({
      status: 200,
      data: {
        podFindAndDeployOnDemand: {
          name: "pod",
          desiredStatus: "RUNNING",
          lastStatusChange: statusChange("Rented by User"),
          imageName: "example/image:1",
          env: ["COLOR=red", "SIZE=a=b"],
          ports: "8080/http,22/tcp",
          gpuCount: 1,
          containerDiskInGb: 20,
          volumeInGb: 10,
          volumeMountPath: "/workspace",
          costPerHr: 0.43,
          podType: "RESERVED",
          networkVolumeId: null,
          runtime: null,
          machine: {
            gpuTypeId: "NVIDIA L4",
            gpuDisplayName: "L4",
            dataCenterId: "US-KS-2",
            location: "US",
            secureCloud: true,
            supportPublicIp: true,
          },
        },
      },
    });
  });

  it("finds nothing without a GPU count (observed), of an unknown GPU, or for too high a price", async () => {
    const without = { ...wish, gpuCount: undefined };
    for (const input of [without, { ...wish, gpuTypeId: "NVIDIA H1000" }, { ...wish, deployCost: 0.1 }]) {
      expect(await mutate(runpod, "podFindAndDeployOnDemand", input)).toEqual(
        refused("podFindAndDeployOnDemand", noInstances, "SUPPLY_CONSTRAINT"),
      );
    }
  });

  it("finds nothing once a machine is sold out, until a GPU is given back", async () => {
    const place = { gpuTypeId: "NVIDIA RTX A4000", dataCenterId: "AP-JP-1" };
    runpod.account.setStock(place, 1);
    const id = await rent(runpod, place);
    const again = () => mutate(runpod, "podFindAndDeployOnDemand", { ...wish, ...place });
    expect((await again()).errors?.[0]?.message).toBe(noInstances);
    await mutate(runpod, "podTerminate", { podId: id }, "");
    expect((await again()).errors).toBeUndefined();
  });

  it("takes the first GPU of a list that is in stock, the cheapest cloud, and any data centre (documented)", async () => {
    runpod.account.setStock({ gpuTypeId: "NVIDIA L40S" }, 0);
    const anywhere = { gpuTypeId: undefined, cloudType: "ALL", dataCenterId: undefined };
    const gpuTypeIdList = ["NVIDIA L40S", "NVIDIA RTX A6000", "NVIDIA L4"];
    const place = "costPerHr machine { gpuTypeId secureCloud }";
    const id = await rent(runpod, { ...anywhere, gpuTypeIdList });
    expect(await podOf(runpod, id, place)).toEqual({
      costPerHr: 0.33,
      machine: { gpuTypeId: "NVIDIA RTX A6000", secureCloud: false },
    });
    runpod.account.setStock({ gpuTypeId: "NVIDIA RTX A6000", cloud: "COMMUNITY" }, 0);
    const next = await rent(runpod, { ...anywhere, gpuTypeIdList, countryCode: "JP" });
    expect(await podOf(runpod, next, "costPerHr machine { dataCenterId secureCloud }")).toEqual({
      costPerHr: 0.49,
      machine: { dataCenterId: "AP-JP-1", secureCloud: true },
    });
  });

  it("needs an hour of funds, and so does going on with one (documented)", async () => {
    const tooLow = (field: string) =>
      refused(
        field,
        "Your account balance is too low to rent a pod. Please add funds to your account.",
        "INSUFFICIENT_BALANCE",
      );
    const id = await rent(runpod);
    await mutate(runpod, "podStop", { podId: id });
    const { balance } = runpod.account;
    runpod.account.balance = 0.42;
    const answers = [
      await mutate(runpod, "podFindAndDeployOnDemand", wish),
      await mutate(runpod, "podResume", { podId: id }),
    ];
    runpod.account.balance = balance;
    expect(answers).toEqual([tooLow("podFindAndDeployOnDemand"), tooLow("podResume")]);
    expect(await podOf(runpod, id, "desiredStatus")).toEqual({ desiredStatus: "EXITED" });
  });

  // The limits are documented, but for the ports' form; the words are ours.
  it.each<[string, object, string]>([
    [
      "50 variables",
      { env: Array.from({ length: 51 }, (_, at) => ({ key: `K${at}`, value: "" })) },
      "env has 51 variables; a pod takes 50",
    ],
    [
      "10 http ports",
      { ports: Array.from({ length: 11 }, (_, at) => `${8000 + at}/http`).join(",") },
      "ports has 11 http ports; a pod takes 10",
    ],
    ["readable ports", { ports: "8080" }, 'ports has "8080"; write <port>/http or <port>/tcp'],
    ["an image", { imageName: "" }, "imageName is missing; give an image reference"],
    [
      "variables that Linux takes",
      { env: [{ key: "K", value: "x".repeat(128 * 1024) }] },
      "env K has 131075 bytes; one takes 131072",
    ],
    ["an absolute mount", { volumeMountPath: "/a/../b" }, 'volumeMountPath is "/a/../b"; give an absolute path'],
  ])("takes only %s", async (_, changed, message) => {
    expect(await mutate(runpod, "podFindAndDeployOnDemand", { ...wish, ...changed })).toEqual(
      refused("podFindAndDeployOnDemand", message, "BAD_USER_INPUT"),
    );
  });
});

describe("a pod's life", () => {
  const hostFull = "There are not enough free GPUs on the host machine to start this pod.";

  it("goes on under the same id after stop and resume, on the same machine (documented)", async () => {
    const id = await rent(runpod);
    const machine = await podOf(runpod, id, "machineId");
    const spend = runpod.account.spendPerHr();
    const stopped = await mutate(runpod, "podStop", { podId: id }, "{ id desiredStatus lastStatusChange }");
    expect(stopped.data).toEqual({
      podStop: { id, desiredStatus: "EXITED", lastStatusChange: statusChange("Exited by user") },
    });
    expect(runpod.account.spendPerHr()).toBeCloseTo(spend - 0.43);
    // The words after a resume are an assumption.
    const resumed = await mutate(runpod, "podResume", { podId: id }, "{ id desiredStatus lastStatusChange machineId }");
    expect(resumed.data).toEqual({
      podResume: {
        id,
        desiredStatus: "RUNNING",
        lastStatusChange: statusChange("Resumed by user"),
        ...(machine as object),
      },
    });
  });

  it("does not go on when its machine is full, though others are free (documented)", async () => {
    const id = await rent(runpod, { gpuTypeId: "NVIDIA B200" });
    await mutate(runpod, "podStop", { podId: id });
    runpod.account.setStock({ gpuTypeId: "NVIDIA B200", dataCenterId: "US-KS-2" }, 0);
    expect(await mutate(runpod, "podResume", { podId: id })).toEqual(refused("podResume", hostFull));
    expect(await podOf(runpod, id, "desiredStatus")).toEqual({ desiredStatus: "EXITED" });
    expect(await rent(runpod, { gpuTypeId: "NVIDIA B200", dataCenterId: "US-TX-3" })).toMatch(/^[a-z0-9]{14}$/);
  });

  it("has nothing to do when it is stopped twice, or resumed twice (assumption)", async () => {
    const id = await rent(runpod);
    const state = "{ desiredStatus version }";
    await mutate(runpod, "podStop", { podId: id });
    expect((await mutate(runpod, "podStop", { podId: id }, state)).data?.["podStop"]).toEqual({
      desiredStatus: "EXITED",
      version: 1,
    });
    await mutate(runpod, "podResume", { podId: id });
    expect((await mutate(runpod, "podResume", { podId: id }, state)).data?.["podResume"]).toEqual({
      desiredStatus: "RUNNING",
      version: 2,
    });
  });

  it("ends with terminate, which answers null; the pod is null from then on, without an error (documented)", async () => {
    const id = await rent(runpod);
    expect(await mutate(runpod, "podTerminate", { podId: id }, "")).toEqual({
      status: 200,
      data: { podTerminate: null },
    });
    expect(await runpod.graphql(`{ pod(input: { podId: "${id}" }) { id } }`)).toEqual({
      status: 200,
      data: { pod: null },
    });
    const { data } = await runpod.graphql("{ myself { pods { id } } }");
    expect((data?.["myself"] as { pods: { id: string }[] }).pods.map((pod) => pod.id)).not.toContain(id);
    expect(await mutate(runpod, "podTerminate", { podId: id }, "")).toEqual(
      refused("podTerminate", "pod not found to terminate", "POD_NOT_FOUND"),
    );
  });

  it.each([
    ["podStop", {}],
    ["podResume", {}],
    ["podEditJob", { imageName: "a", containerDiskInGb: 1 }],
    ["podBidResume", { gpuCount: 1, bidPerGpu: 1 }],
  ])("of an unknown pod is refused by %s (assumption)", async (name, others) => {
    expect(await mutate(runpod, name, { podId: "nope", ...others })).toEqual(
      refused(name, "pod not found: nope", "POD_NOT_FOUND"),
    );
  });
});

describe("editing a pod", () => {
  const edit = (podId: string, changed: object, fields: string) =>
    mutate(runpod, "podEditJob", { podId, imageName: "example/image:2", containerDiskInGb: 20, ...changed }, fields);

  it("replaces the whole environment, what RunPod had put in too (observed), and keeps the id", async () => {
    const id = await rent(runpod, { startSsh: true });
    expect(await podOf(runpod, id, "env")).toEqual({
      env: ["COLOR=red", "SIZE=a=b", expect.stringMatching(/^PUBLIC_KEY=ssh-/) as string],
    });
    const { data } = await edit(id, { env: [{ key: "ONLY", value: "1" }] }, "{ id imageName env ports version }");
    // That the version grows is an assumption.
    expect(data?.["podEditJob"]).toEqual({
      id,
      imageName: "example/image:2",
      env: ["ONLY=1"],
      ports: "8080/http,22/tcp",
      version: 2,
    });
  });

  it("lets a volume only grow (documented; the words are ours)", async () => {
    const id = await rent(runpod);
    expect(await edit(id, { volumeInGb: 9 }, "{ id }")).toEqual(
      refused("podEditJob", "volumeInGb is 9; the volume has 10 GB and only grows", "BAD_USER_INPUT"),
    );
    expect((await edit(id, { volumeInGb: 11 }, "{ volumeInGb }")).data).toEqual({ podEditJob: { volumeInGb: 11 } });
  });

  it("of a stopped pod changes what its next start runs (assumption)", async () => {
    const id = await rent(runpod);
    await mutate(runpod, "podStop", { podId: id });
    expect((await edit(id, {}, "{ desiredStatus imageName version }")).data).toEqual({
      podEditJob: { desiredStatus: "EXITED", imageName: "example/image:2", version: 1 },
    });
  });
});
