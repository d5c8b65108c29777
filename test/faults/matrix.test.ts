import { describe, expect, it } from "vitest";
import { comesForNobody, countProblems, leftProblems, type Resource, takenAway } from "./expectations.ts";
import { type Cell, cellLabel, cellsOf, type Ending, type FaultName, faultNames, uncovered } from "./matrix.ts";
import { distinct, numberOperations, operationLabel } from "./operations.ts";
import type { PhaseName } from "./phases.ts";
import { sample } from "./sample.ts";
import { resultTable } from "./table.ts";

const arrived = (name: string, podId?: string) => {
  return { moment: "arrived", name, podId, isMutation: /^pod[A-Z]/.test(name) } as const;
};

const operationsOf = (...moments: ReturnType<typeof arrived>[]) =>
  distinct(moments.map(numberOperations("pod create")));

const clean = operationsOf(
  arrived("myself"),
  arrived("gpuTypes"),
  arrived("podRentInterruptable"),
  arrived("myself"),
  arrived("pod", "one"),
  arrived("pod", "one"),
  arrived("pod", "two"),
);

describe("the operations of a run", () => {
  it("are numbered by their name, and waiting for a pod is one of them", () => {
    expect(clean.map((operation) => `${operationLabel(operation)} ${operation.kind}`)).toEqual([
      "pod create myself#1 list",
      "pod create gpuTypes#1 query",
      "pod create podRentInterruptable#1 mutation",
      "pod create myself#2 list",
      "pod create pod#1 query",
      "pod create pod#2 query",
    ]);
  });
});

describe("the matrix", () => {
  it("breaks every operation in every way that fits it, with both endings", () => {
    const faultsOn = (label: string) =>
      cellsOf(clean)
        .filter(({ operation, ending }) => operationLabel(operation) === label && ending === "up")
        .map(({ fault }) => fault);
    const onMutation = faultsOn("pod create podRentInterruptable#1");
    const onList = faultsOn("pod create myself#1");
    const onQuery = faultsOn("pod create gpuTypes#1");
    expect(new Set([...onMutation, ...onList])).toEqual(new Set(faultNames));
    expect(onMutation).toContain("SIGKILL, effect late");
    expect(onList.filter((fault) => !onQuery.includes(fault))).toEqual(["list-lag"]);
    for (const fault of ["http500", "http429", "timeout", "reset-before", "reset-after", "SIGINT", "SIGKILL, before"]) {
      for (const faults of [onMutation, onList, onQuery]) expect(faults).toContain(fault);
    }
    const labels = cellsOf(clean).map(cellLabel);
    expect(new Set(labels).size).toBe(labels.length);
    expect(labels.filter((label) => label.endsWith("→ up")).length * 2).toBe(labels.length);
  });

  it("tells what was asked for and is never broken", () => {
    const asked = ["myself", "podTerminate", "podTerminate", "saveRegistryAuth"];
    expect(uncovered(asked, cellsOf(clean))).toEqual(["podTerminate", "saveRegistryAuth"]);
  });
});

const cell = (phase: PhaseName, name: string, fault: FaultName, ending: Ending = "destroy"): Cell => ({
  operation: { phase, name, occurrence: 1, kind: "mutation" },
  fault,
  ending,
});

describe("what is expected in the end", () => {
  const volume: Resource = { type: "network volume", id: "v1", name: "models in US-KS-2" };
  const killed = cell("storage create", "saveRegistryAuth", "SIGKILL, after");

  it("is one of each, and nothing else", () => {
    expect(countProblems("after up", ["network volume"], [volume])).toEqual([]);
    expect(countProblems("after up", ["network volume"], [volume, { ...volume, id: "v2" }])).toEqual([
      "after up: 2 of type network volume instead of 1 (v1, v2)",
    ]);
    expect(countProblems("in the end", [], [{ ...volume, type: "pod" }])).toEqual([
      "in the end: 1 of type pod instead of 0 (v1)",
    ]);
    expect(countProblems("after up", ["pod"], [])).toHaveLength(1);
  });

  it("is nothing after a destroy, but storage that a killed engine did not record, once, and told", () => {
    expect(leftProblems(killed, [], "", "")).toEqual([]);
    expect(leftProblems(killed, [volume], "", "v1 is still there")).toEqual([]);
    expect(leftProblems(killed, [volume], "", "")).toEqual([
      "destroy does not tell of network volume v1, which is left",
    ]);
    const two = leftProblems(killed, [volume, { ...volume, id: "v2" }], "", "v1 and v2 are still there");
    expect(two).toEqual(["in the end: 2 of type network volume instead of 1 (v1, v2)"]);
  });

  it.each<[string, Cell, string]>([
    ["was recorded", killed, "v1"],
    ["an up would have found", { ...killed, ending: "up" }, ""],
    ["only an interruption left", cell("storage create", "saveRegistryAuth", "SIGINT"), ""],
    ["was there before", cell("storage destroy", "deleteNetworkVolume", "SIGKILL, after"), ""],
  ])("is not storage that %s", (_, one, state) => {
    expect(leftProblems(one, [volume], state, "v1 is still there")).toHaveLength(1);
  });

  it("is never a pod", () => {
    const pod: Resource = { type: "pod", id: "p1", name: "pod" };
    const one = cell("pod create", "podRentInterruptable", "SIGKILL, effect late, no answer");
    expect(leftProblems(one, [pod], "", "p1 is still there")).toEqual(["in the end: 1 of type pod instead of 0 (p1)"]);
  });

  it("is one more of what came too late for anybody, which a destroy tells of that comes after it", () => {
    const fault = "SIGKILL, effect late, no answer";
    const early = cell("storage create", "createNetworkVolume", fault, "up");
    expect(comesForNobody(early)).toBe("network volume");
    expect(comesForNobody(cell("pod create", "podRentInterruptable", fault))).toBeUndefined();
    expect(comesForNobody(cell("storage create", "createNetworkVolume", "SIGKILL, effect late"))).toBeUndefined();
    expect(leftProblems(early, [volume], "", "v1 is still there")).toEqual([]);
    expect(leftProblems(early, [volume], "", "")).toHaveLength(1);
    expect(leftProblems({ ...early, ending: "destroy" }, [volume], "", "")).toEqual([]);
  });

  it("lacks what a late answer or a late destroy takes away", () => {
    expect(takenAway(cell("storage create", "saveRegistryAuth", "SIGKILL, answer late"))).toBe("registry credential");
    expect(takenAway(cell("storage create", "saveRegistryAuth", "SIGKILL, effect late"))).toBeUndefined();
    expect(takenAway(cell("pod destroy", "podTerminate", "SIGKILL, effect late"))).toBe("pod");
    expect(takenAway(cell("storage replace", "deleteNetworkVolume", "SIGKILL, effect late"))).toBeUndefined();
    expect(takenAway(cell("storage destroy", "deleteNetworkVolume", "SIGKILL, answer late"))).toBeUndefined();
  });
});

describe("a sample", () => {
  const cells = cellsOf(clean);
  it("is the same for the same seed, and another for another", () => {
    const labels = (seed: number) => sample(cells, 6, seed).map(cellLabel);
    expect(labels(1)).toEqual(labels(1));
    expect(labels(1)).not.toEqual(labels(2));
  });

  it("holds as many kinds of faults as it can, then every cell, each once", () => {
    expect(new Set(sample(cells, faultNames.length, 3).map(({ fault }) => fault)).size).toBe(faultNames.length);
    const all = sample(cells, 10_000, 3).map(cellLabel);
    expect(new Set(all)).toEqual(new Set(cells.map(cellLabel)));
    expect(all).toHaveLength(cells.length);
  });
});

describe("the table", () => {
  it("says FAIL when one ending failed, and tells what did not run from what there is not", () => {
    const [authenticate] = clean;
    const ran = cellsOf(clean).filter(({ operation, fault }) => operation === authenticate && fault.startsWith("http"));
    const failing = "pod create myself#1 × http429 → destroy";
    const lines = resultTable(clean.slice(0, 2), ran, (label) => label !== failing).split("\n");
    expect(lines.slice(0, 2)).toEqual([" 1 http500", " 2 http429"]);
    expect(lines.at(-2)).toMatch(/^pod create myself#1 +ok +FAIL +- +- +- +- +-/);
    expect(lines.at(-1)).toMatch(/^pod create gpuTypes#1 +- +- +- +- +- {2,}-/);
  });
});
