import { describe, expect, it } from "vitest";
import { afterAttempt, mostAttempts } from "../../../gateway/webhooks/attempts.ts";

const wait = (attempts: number, random: number): number => {
  const outcome = afterAttempt({ status: 500 }, attempts, random);
  return outcome.kind === "again" ? outcome.afterMs : 0;
};

describe("after an attempt", () => {
  it.each([200, 201, 204, 299])("%i means that the receiver has it", (status) => {
    expect(afterAttempt({ status }, 1, 0.5)).toEqual({ kind: "delivered" });
    expect(afterAttempt({ status }, mostAttempts, 0.5)).toEqual({ kind: "delivered" });
  });

  it("410 means never again", () => {
    expect(afterAttempt({ status: 410 }, 1, 0.5)).toEqual({ kind: "given-up", error: "the receiver answered 410" });
  });

  it.each([100, 301, 302, 400, 401, 404, 429, 500, 503])("%i means again, and not at its new address", (status) => {
    expect(afterAttempt({ status }, 1, 0.5)).toEqual({
      kind: "again",
      error: `the receiver answered ${status}`,
      afterMs: 5000,
    });
  });

  it("no answer means again, and why is kept", () => {
    expect(afterAttempt("no answer within 15 s", 2, 0.5)).toEqual({
      kind: "again",
      error: "no answer within 15 s",
      afterMs: 30_000,
    });
  });

  it("the waits grow from seconds to hours, and end after about a day", () => {
    const waits = Array.from({ length: mostAttempts }, (_, at) => wait(at + 1, 0.5) / 1000);
    expect(waits).toEqual([5, 30, 120, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 36_000, 0]);
    expect(waits.reduce((sum, each) => sum + each, 0) / 3600).toBeCloseTo(23.9, 1);
  });

  it("no two receivers need wait alike", () => {
    expect([wait(1, 0), wait(1, 1)]).toEqual([4000, 6000]);
    expect([wait(11, 0), wait(11, 1)]).toEqual([28_800_000, 43_200_000]);
  });

  it.each([
    ["503 that asks for more time gets it", 503, 60_000, 60_000],
    ["429 as well", 429, 60_000, 60_000],
    ["one that asks for less waits no shorter", 429, 1000, 5000],
    ["one that asks for a week is asked again after ten hours", 503, 604_800_000, 36_000_000],
    ["404 has no say", 404, 60_000, 5000],
  ])("%s", (_, status, retryAfterMs, afterMs) => {
    expect(afterAttempt({ status, retryAfterMs }, 1, 0.5)).toMatchObject({ kind: "again", afterMs });
  });

  it("the last one says that it was the last", () => {
    expect(afterAttempt({ status: 503 }, mostAttempts, 0.5)).toEqual({
      kind: "given-up",
      error: "the receiver answered 503; given up after 12 attempts",
    });
  });
});
