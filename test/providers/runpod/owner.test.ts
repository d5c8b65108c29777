import { describe, expect, it, vi } from "vitest";
import { ownName } from "../../../providers/runpod/storage/storage-name.ts";
import { hooksAgainstRunPod } from "../../support/hooks-run.ts";

const { runpod, newRun } = hooksAgainstRunPod(() => import("../../../providers/runpod/owner-lifecycle.ts"));

const seed = "00112233445566778899aabbccddeeff";

/** Storage at RunPod as a resource of the Owner with that seed names it. */
function addStorage(ownerSeed: string): { volumeId: string; authId: string } {
  const { account } = runpod();
  const named = (kind: "network-volume" | "registry-auth") => ownName(kind, { ownerSeed, resourceName: "r" });
  const volume = account.createNetworkVolume({ name: named("network-volume"), size: 100, dataCenterId: "US-KS-2" });
  const auth = account.saveRegistryAuth({ name: named("registry-auth"), username: "me", password: "p" });
  return { volumeId: volume.id, authId: auth.id };
}

describe("an Owner that goes", () => {
  it("tells of storage that is left and billed, and keeps it: it may be retained", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const { volumeId, authId } = addStorage(seed);
    addStorage("another");
    await (await newRun()).remove({ seed }, undefined);
    const told = warn.mock.calls.map(([line]) => String(line));
    expect(told).toEqual([expect.stringContaining(`(${volumeId}, US-KS-2, 100 GB)`), expect.stringContaining(authId)]);
    expect(told[0]).toContain("is billed; delete it in RunPod's console");
    expect(runpod().account.networkVolumes()).toHaveLength(2);
  });

  it("goes although RunPod does not say what is left", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const hooks = await newRun();
    runpod().faults.add({ operation: "myself", kind: "list-lag", times: 2, milliseconds: 0 });
    runpod().faults.add({ operation: "myself", kind: "http500", times: 10 });
    await hooks.remove({ seed }, undefined);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("whether network volumes were left was not checked"));
  });
});
