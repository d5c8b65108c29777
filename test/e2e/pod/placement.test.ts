import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PodStack, startPodStack } from "../../support/pod-stack.ts";

describe("placing a pod", () => {
  let stack: PodStack;
  beforeAll(async () => {
    stack = await startPodStack();
  });
  afterAll(() => stack.close());

  const rent = "podRentInterruptable";
  const refuse = (operation: string, message: string, code = "SUPPLY_CONSTRAINT") =>
    stack.runpod.faults.add({ operation, kind: "graphql-error", message, code });

  it("goes on to the next place when RunPod has none left, and tells every place it asked", async () => {
    refuse(rent, "There are no instances currently available");
    const { placement, spot } = await stack.deploy({ regions: ["US-TX-3", "US-KS-2"] });
    expect(placement).toMatchObject([
      {
        cloud: "COMMUNITY",
        spot: true,
        gpu: "RTX 4090",
        dataCenter: "US-TX-3",
        refusal: "RunPod refused rentSpot: There are no instances currently available",
      },
      { cloud: "COMMUNITY", spot: true, gpu: "RTX 4090", dataCenter: "US-KS-2", refusal: null },
    ]);
    expect(spot).toBe(true);
    expect(stack.mutations()).toEqual([rent, rent]);
  });

  it("starts the container once", () => {
    expect(stack.runpod.account.pods().map(({ generation }) => generation)).toEqual([1]);
  });

  it("asks on the next profile after so many places of one", async () => {
    for (let at = 0; at < 2; at++) refuse(rent, "There are no instances currently available");
    const { placement } = await stack.deploy({ attemptsPerProfile: 2, podRotation: "1" });
    expect(placement.map(({ spot, refusal }) => [spot, refusal === null])).toEqual([
      [true, false],
      [true, false],
      [false, true],
    ]);
    stack.mutations();
  });

  it.each([
    [
      "an empty account",
      "Your account balance is too low to rent a pod. Please add funds to your account.",
      "INSUFFICIENT_BALANCE",
    ],
    ["a refused key", "Unauthorized", "FORBIDDEN"],
    ["an error that only looks like a low bid", "the bid value is invalid", "BAD_USER_INPUT"],
  ])("stops at once for %s, and keeps the pod it has", async (_, message, code) => {
    const before = stack.runpod.account.pods().map(({ id }) => id);
    refuse(rent, message, code);
    const run = await stack.up({ podRotation: message });
    expect(run.code, run.output).not.toBe(0);
    expect(run.output).toContain(message === "Unauthorized" ? "RunPod does not accept the API key" : message);
    expect(stack.mutations()).toEqual([rent]);
    expect(stack.runpod.account.pods().map(({ id }) => id)).toEqual(before);
  });

  it("names every place and refusal when none takes the pod", async () => {
    for (let at = 0; at < 4; at++) refuse("*", "There are no instances currently available");
    stack.runpod.faults.clear();
    for (const operation of [rent, rent, "podFindAndDeployOnDemand", "podFindAndDeployOnDemand"]) {
      refuse(operation, "There are no instances currently available");
    }
    const run = await stack.up({
      podRotation: "2",
      regions: ["US-TX-3", "US-KS-2"],
      minRamPerGpuGb: 16,
      profiles: [
        { cloud: "SECURE", spot: true },
        { cloud: "COMMUNITY", spot: false },
      ],
    });
    expect(run.code).not.toBe(0);
    expect(run.output).toContain("no place took the pod; tried, each with 16 GB of memory for a GPU:");
    for (const place of ["SECURE spot RTX 4090 in US-TX-3 at 0.48", "COMMUNITY RTX 4090 in US-KS-2 at 0.34"]) {
      expect(run.output).toContain(`${place} USD/h: RunPod refused`);
    }
  });

  it("rents what has enough memory, within the price, in the named place", async () => {
    await stack.deploy({
      podRotation: "3",
      regions: ["EU-RO-1"],
      gpuCount: 2,
      maxPricePerHour: 0.5,
      minRamPerGpuGb: 40,
    });
    expect(stack.runpod.account.pods()).toMatchObject([
      { dataCenterId: "EU-RO-1", gpuTypeId: "NVIDIA GeForce RTX 4090", gpuCount: 2, memoryInGb: 96, costPerHr: 0.48 },
    ]);
  });
});
