import { describe, expect, it } from "vitest";
import { cellLabel, cellsOf, faultNames, uncovered } from "./matrix.ts";
import { distinct, numberOperations, operationLabel } from "./operations.ts";
import { sample } from "./sample.ts";
import { resultTable } from "./table.ts";

const arrived = (name: string, podId?: string) => {
  return { moment: "arrived", name, podId, isMutation: /^pod[A-Z]/.test(name) } as const;
};

const operationsOf = (...moments: ReturnType<typeof arrived>[]) => distinct(moments.map(numberOperations("create")));

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
      "create myself#1 list",
      "create gpuTypes#1 query",
      "create podRentInterruptable#1 mutation",
      "create myself#2 list",
      "create pod#1 query",
      "create pod#2 query",
    ]);
  });
});

describe("the matrix", () => {
  it("breaks every operation in every way that fits it, with both endings", () => {
    const faultsOn = (label: string) =>
      cellsOf(clean)
        .filter(({ operation, ending }) => operationLabel(operation) === label && ending === "up")
        .map(({ fault }) => fault);
    const onMutation = faultsOn("create podRentInterruptable#1");
    const onList = faultsOn("create myself#1");
    const onQuery = faultsOn("create gpuTypes#1");
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
    expect(uncovered(["myself", "podTerminate", "podTerminate"], cellsOf(clean))).toEqual(["podTerminate"]);
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
    const failing = "create myself#1 × http429 → destroy";
    const lines = resultTable(clean.slice(0, 2), ran, (label) => label !== failing).split("\n");
    expect(lines.slice(0, 2)).toEqual([" 1 http500", " 2 http429"]);
    expect(lines.at(-2)).toMatch(/^create myself#1 +ok +FAIL +- +- +- +- +-/);
    expect(lines.at(-1)).toMatch(/^create gpuTypes#1 +- +- +- +- +- {2,}-/);
  });
});
