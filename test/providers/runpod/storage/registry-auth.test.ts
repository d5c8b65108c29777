import { describe, expect, it, vi } from "vitest";
import { hooksAgainstRunPod } from "../../../support/hooks-run.ts";

type Properties = Record<string, unknown>;

const { runpod, newRun } = hooksAgainstRunPod(
  () => import("../../../../providers/runpod/storage/registry-auth-lifecycle.ts"),
);

const args = {
  ownerSeed: "00112233445566778899aabbccddeeff",
  resourceName: "ghcr",
  username: "me",
  password: "s3cret",
};

const checked = async (changed: Properties = {}) => (await (await newRun()).check({}, { ...args, ...changed })).inputs;
const created = async (changed: Properties = {}) => {
  const { id, outs } = await (await newRun()).create(await checked(changed), undefined);
  return { id, outs: outs as Properties };
};
const updated = async (olds: Properties, changed: Properties) =>
  (await (await newRun()).update(olds, await checked(changed), undefined)).outs as Properties;
const diffed = async (olds: Properties, changed: Properties = {}) =>
  (await newRun()).diff(olds, await checked(changed), undefined);

/** What a hook that failed leaves in the state. */
const failed = async (hook: Promise<unknown>) =>
  (await hook.catch((thrown: unknown) => thrown)) as Error & { id?: string; properties?: Properties };

const auths = () => runpod().account.registryAuths();

describe("a registry credential's inputs", () => {
  it("are checked without showing the password", async () => {
    const { failures } = await (await newRun()).check({}, { ...args, username: "", password: 1234 });
    expect(failures).toEqual([
      { property: "username", reason: `is ""; give the user's name at the registry` },
      { property: "password", reason: "is not a text; give the registry's password or access token" },
    ]);
  });

  it("may be unknown at preview", async () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const news = { ...args, ownerSeed: unknown, username: unknown, password: unknown };
    expect((await (await newRun()).check({}, news)).failures).toEqual([]);
    expect(await (await newRun()).diff((await created()).outs, news, undefined)).toEqual({ changes: true });
  });
});

describe("creating a registry credential", () => {
  it("names it after the resource and its Owner", async () => {
    const { id, outs } = await created();
    expect(auths()).toMatchObject([{ id: outs["registryAuthId"], name: id, username: "me", password: "s3cret" }]);
    expect(id).toMatch(/^ghcr-[0-9a-f]{16}$/);
    expect(outs).toMatchObject({ name: id, phase: "complete" });
  });

  it("makes no double when the answer is lost", async () => {
    runpod().faults.add({ operation: "saveRegistryAuth", kind: "reset-after" });
    const { outs } = await created();
    expect(auths()).toMatchObject([{ id: outs["registryAuthId"] }]);
  });

  it("is asked for once more when RunPod stumbles", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    runpod().faults.add({ operation: "saveRegistryAuth", kind: "http500" });
    const { outs } = await created();
    expect(auths()).toMatchObject([{ id: outs["registryAuthId"], password: "s3cret" }]);
    expect(warn.mock.calls).toEqual([["RunPod answered createRegistryAuth with HTTP 500; asking once more"]]);
  });

  it("adopts one of the same name, and gives it the login", async () => {
    const { id } = runpod().account.saveRegistryAuth({ name: "team", username: "old", password: "old" });
    const { outs } = await created({ authName: "team" });
    expect(outs).toMatchObject({ registryAuthId: id, name: "team" });
    expect(auths()).toMatchObject([{ id, name: "team", username: "me", password: "s3cret" }]);
  });

  it("keeps a resource of unknown outcome, which the next run completes or destroys", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    runpod().faults.add({ operation: "saveRegistryAuth", kind: "reset-before", times: 2 });
    const error = await failed(created());
    expect(error.properties).toMatchObject({ registryAuthId: null, phase: "incomplete" });
    expect(error.message).not.toContain("s3cret");
    const olds = error.properties ?? {};
    await (await newRun()).remove(olds, undefined);
    expect(await diffed(olds)).toEqual({ changes: true });
    expect(await updated(olds, {})).toMatchObject({ phase: "complete" });
    expect(auths()).toHaveLength(1);
    await (await newRun()).remove(olds, undefined);
    expect(auths()).toEqual([]);
  });
});

describe("a registry credential that is there", () => {
  it("needs nothing when nothing changed", async () => {
    const { outs } = await created();
    expect(await diffed(outs)).toEqual({ changes: false });
  });

  it("gets a new password in place", async () => {
    const { outs } = await created();
    expect(await diffed(outs, { password: "n3w" })).toEqual({ changes: true });
    runpod().faults.add({ operation: "updateRegistryAuth", kind: "reset-before" });
    expect(await updated(outs, { password: "n3w" })).toMatchObject({ registryAuthId: outs["registryAuthId"] });
    expect(auths()).toMatchObject([{ password: "n3w" }]);
  });

  it("gets its password again when it is not known which one RunPod has", async () => {
    const { outs } = await created();
    runpod().faults.add({ operation: "updateRegistryAuth", kind: "reset-after", times: 3 });
    const error = await failed(updated(outs, { password: "n3w" }));
    const olds = error.properties ?? {};
    expect(olds).toMatchObject({ registryAuthId: outs["registryAuthId"], phase: "incomplete" });
    expect(await diffed(olds, { password: "n3w" })).toEqual({ changes: true });
    expect(await diffed(olds)).toEqual({ changes: true });
  });

  it("is as before when RunPod refuses the new password", async () => {
    const { outs } = await created();
    runpod().faults.add({ operation: "updateRegistryAuth", kind: "graphql-error", message: "n3w is weak", code: "X" });
    const error = await failed(updated(outs, { password: "n3w" }));
    expect(error.message).toBe("RunPod refused updateRegistryAuth: [secret] is weak");
    expect(error.properties).toBeUndefined();
  });

  it("is replaced under another name, and when it was deleted by hand", async () => {
    const { id, outs } = await created();
    expect(await diffed(outs, { authName: "team" })).toMatchObject({ changes: true, replaces: ["authName"] });
    expect(await (await newRun()).read(id, outs, undefined)).toEqual({ id, props: outs });
    runpod().account.deleteRegistryAuth(outs["registryAuthId"] as string);
    expect(await diffed(outs)).toMatchObject({ changes: true, replaces: ["registryAuthId"] });
    expect(await (await newRun()).read(id, outs, undefined)).toEqual({ id: "", props: {} });
  });
});

describe("deleting a registry credential", () => {
  it("is done although the answer is lost, or it is gone already", async () => {
    const { outs } = await created();
    runpod().faults.add({ operation: "deleteRegistryAuth", kind: "reset-after" });
    await (await newRun()).remove(outs, undefined);
    expect(auths()).toEqual([]);
    await (await newRun()).remove(outs, undefined);
  });

  it("says what RunPod says when it refuses", async () => {
    const { id, outs } = await created();
    runpod().faults.add({ operation: "deleteRegistryAuth", kind: "graphql-error", message: "in use", code: "X" });
    await expect((await newRun()).remove(outs, undefined)).rejects.toThrow(
      `registry credential "${id}" (${String(outs["registryAuthId"])}) was not deleted: RunPod refused deleteRegistryAuth: in use; if a pod or template uses it, remove that first`,
    );
  });

  it("spares the credential that the same run found again for the resource", async () => {
    vi.spyOn(console, "warn").mockReturnValue();
    const { outs } = await created();
    const inputs = await checked();
    const run = await newRun();
    await run.create(inputs, undefined);
    await run.remove(outs, undefined);
    expect(auths()).toMatchObject([{ id: outs["registryAuthId"] }]);
  });
});
