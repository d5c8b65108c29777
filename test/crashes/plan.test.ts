import { describe, expect, it } from "vitest";
import { planOf } from "./plan.ts";

describe("the plan of a run with kills", () => {
  it("is the same for the same seed, and another for another one", () => {
    expect(planOf(100, 5, 1)).toEqual(planOf(100, 5, 1));
    expect(planOf(100, 5, 2)).not.toEqual(planOf(100, 5, 1));
  });

  it("kills once in each equal part of the run, some of the times while a job is being accepted", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { jobs, strikes } = planOf(1000, 10, seed);
      expect(new Set(jobs.map(({ prompt }) => prompt)).size).toBe(1000);
      expect(strikes.map(({ afterJobs }) => Math.floor(afterJobs / 100))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(strikes.filter(({ intoRequestMs }) => intoRequestMs !== undefined)).toHaveLength(5);
    }
  });
});
