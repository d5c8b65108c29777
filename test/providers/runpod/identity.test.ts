import { describe, expect, it } from "vitest";
import {
  isOwnersPod,
  isOwnersStorage,
  podGeneration,
  podMark,
  podName,
} from "../../../providers/runpod/pod/pod-name.ts";
import { ownName } from "../../../providers/runpod/storage/storage-name.ts";

const seed = "00112233445566778899aabbccddeeff";
const name = (ownerSeed: string, resource: string, replacing: unknown = []) =>
  podName("flux_text-to_image", podMark(ownerSeed, resource), podGeneration(replacing));

describe("a pod's name", () => {
  it("is app id, mark and generation", () => {
    expect(name(seed, "endpoint-pod")).toMatch(/^flux_text-to_image-[0-9a-f]{16}-[0-9a-f]{8}$/);
  });

  it("is the same for the same inputs and another for another owner, resource or generation", () => {
    const names = [
      name(seed, "a"),
      name(seed, "a"),
      name(seed, "b"),
      name(seed.replace("0", "1"), "a"),
      name(seed, "a", ["US"]),
    ];
    expect(new Set(names).size).toBe(4);
    expect(names[0]).toBe(names[1]);
  });

  it("tells whose pod it is", () => {
    expect(isOwnersPod(name(seed, "a"), seed)).toBe(true);
    expect(isOwnersPod(name(seed, "b", ["EU"]), seed)).toBe(true);
    expect(isOwnersPod(name(seed.replace("0", "1"), "a"), seed)).toBe(false);
    expect(isOwnersPod("somebody-elses-pod", seed)).toBe(false);
  });
});

describe("the name of a network volume or a credential", () => {
  it("tells whose it is, unless somebody else chose it", () => {
    const own = ownName("network-volume", { ownerSeed: seed, resourceName: "endpoint-volume" });
    expect(isOwnersStorage(own, seed)).toBe(true);
    expect(isOwnersStorage(own, seed.replace("0", "1"))).toBe(false);
    expect(isOwnersStorage("models", seed)).toBe(false);
  });
});
