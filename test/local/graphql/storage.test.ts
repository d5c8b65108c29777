import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StartedRunPod, startLocalRunPod } from "../../support/local-runpod.ts";
import { mutate, podOf, refused, rent, wish, withoutContainers } from "../renting.ts";

let runpod: StartedRunPod;
beforeAll(async () => {
  runpod = await startLocalRunPod(withoutContainers);
});
afterAll(() => runpod.close());

const createVolume = async (dataCenterId = "US-KS-2"): Promise<string> => {
  const { data } = await mutate(runpod, "createNetworkVolume", { name: "models", size: 10, dataCenterId });
  return (data?.["createNetworkVolume"] as { id: string }).id;
};
const mine = async (fields: string): Promise<unknown> =>
  (await runpod.graphql(`{ myself { ${fields} } }`)).data?.["myself"];

describe("a network volume", () => {
  it("is created, read, grown, renamed and deleted (documented)", async () => {
    const id = await createVolume();
    const fields = "networkVolumes { id name size dataCenterId dataCenter { location } }";
    const volume = { id, name: "models", size: 10, dataCenterId: "US-KS-2", dataCenter: { location: "US" } };
    expect(await mine(fields)).toEqual({ networkVolumes: [volume] });
    const grown = await mutate(runpod, "updateNetworkVolume", { id, size: 12 }, "{ name size }");
    expect(grown.data).toEqual({ updateNetworkVolume: { name: "models", size: 12 } });
    const renamed = await mutate(runpod, "updateNetworkVolume", { id, name: "other" }, "{ name size }");
    expect(renamed.data).toEqual({ updateNetworkVolume: { name: "other", size: 12 } });
    expect(await mutate(runpod, "deleteNetworkVolume", { id }, "")).toEqual({
      status: 200,
      data: { deleteNetworkVolume: null },
    });
    expect(await mine(fields)).toEqual({ networkVolumes: [] });
  });

  // The limits are documented, the words are ours.
  it.each<[string, object, string]>([
    ["smaller than 10 GB", { size: 9 }, "size is 9; a network volume has 10 to 4096 GB"],
    ["larger than 4096 GB", { size: 4097 }, "size is 4097; a network volume has 10 to 4096 GB"],
    [
      "where there is no storage",
      { dataCenterId: "US-GA-1" },
      'dataCenterId is "US-GA-1"; network volumes cannot be created there',
    ],
  ])("cannot be %s", async (_, changed, message) => {
    const input = { name: "v", size: 10, dataCenterId: "US-KS-2", ...changed };
    expect(await mutate(runpod, "createNetworkVolume", input)).toEqual(
      refused("createNetworkVolume", message, "BAD_USER_INPUT"),
    );
  });

  it("only grows (documented; the words are ours)", async () => {
    const id = await createVolume();
    await mutate(runpod, "updateNetworkVolume", { id, size: 20 });
    expect(await mutate(runpod, "updateNetworkVolume", { id, size: 19 })).toEqual(
      refused("updateNetworkVolume", "size is 19; the volume has 20 GB", "BAD_USER_INPUT"),
    );
  });

  it("pins its pods to its data centre and takes the place of their own volume (documented)", async () => {
    const networkVolumeId = await createVolume("EU-RO-1");
    const id = await rent(runpod, { networkVolumeId, dataCenterId: undefined, cloudType: "ALL" });
    expect(
      await podOf(runpod, id, "volumeInGb networkVolumeId networkVolume { name } machine { dataCenterId secureCloud }"),
    ).toEqual({
      volumeInGb: 0,
      networkVolumeId,
      networkVolume: { name: "models" },
      machine: { dataCenterId: "EU-RO-1", secureCloud: true },
    });
  });

  it.each([
    ["elsewhere", { dataCenterId: "US-TX-3" }],
    ["on Community Cloud", { gpuTypeId: "NVIDIA RTX A4000", cloudType: "COMMUNITY" }],
  ])("is not to be had %s (documented; what is answered is an assumption)", async (_, changed) => {
    const networkVolumeId = await createVolume();
    const answer = await mutate(runpod, "podFindAndDeployOnDemand", { ...wish, networkVolumeId, ...changed });
    expect(answer.errors?.[0]?.extensions).toEqual({ code: "SUPPLY_CONSTRAINT" });
  });

  it("is not deleted while a pod has it, running or stopped (assumption)", async () => {
    const networkVolumeId = await createVolume();
    const podId = await rent(runpod, { networkVolumeId });
    await mutate(runpod, "podStop", { podId });
    const remove = () => mutate(runpod, "deleteNetworkVolume", { id: networkVolumeId }, "");
    expect(await remove()).toEqual(
      refused("deleteNetworkVolume", `network volume ${networkVolumeId} is attached to a pod`, "BAD_USER_INPUT"),
    );
    await mutate(runpod, "podTerminate", { podId }, "");
    expect((await remove()).errors).toBeUndefined();
  });

  it("that is unknown is refused (assumption)", async () => {
    const message = "network volume not found: nope";
    expect(await mutate(runpod, "deleteNetworkVolume", { id: "nope" }, "")).toEqual(
      refused("deleteNetworkVolume", message, "BAD_USER_INPUT"),
    );
    const answer = await mutate(runpod, "podFindAndDeployOnDemand", { ...wish, networkVolumeId: "nope" });
    expect(answer.errors?.[0]?.message).toBe(message);
  });
});

describe("registry credentials", () => {
  const login = { username: "user", password: "secret" };

  it("are saved, listed without their secrets, changed and deleted (documented)", async () => {
    const saved = await runpod.graphql(
      "mutation($input: SaveRegistryAuthInput) { saveRegistryAuth(input: $input) { id name } }",
      { input: { name: "hub", ...login } },
    );
    const auth = saved.data?.["saveRegistryAuth"] as { id: string; name: string };
    expect(auth.name).toBe("hub");
    expect(await mine("containerRegistryCreds { id name }")).toEqual({ containerRegistryCreds: [auth] });
    const changed = await runpod.graphql(
      "mutation($input: UpdateRegistryAuthInput) { updateRegistryAuth(input: $input) { id name } }",
      { input: { id: auth.id, ...login, password: "new" } },
    );
    expect(changed.data).toEqual({ updateRegistryAuth: auth });
    expect(runpod.account.registryAuths()).toMatchObject([{ ...auth, username: "user", password: "new" }]);
    const remove = () => runpod.graphql(`mutation { deleteRegistryAuth(registryAuthId: "${auth.id}") }`);
    expect(await remove()).toEqual({ status: 200, data: { deleteRegistryAuth: null } });
    expect(await mine("containerRegistryCreds { id }")).toEqual({ containerRegistryCreds: [] });
    // That an unknown one is refused is an assumption.
    expect(await remove()).toEqual(
      refused("deleteRegistryAuth", `registry auth not found: ${auth.id}`, "BAD_USER_INPUT"),
    );
  });

  it("cannot be read", async () => {
    const { status, errors } = await runpod.graphql("{ myself { containerRegistryCreds { password } } }");
    expect([status, errors?.[0]?.message]).toEqual([
      400,
      'Cannot query field "password" on type "ContainerRegistryAuth".',
    ]);
  });
});
