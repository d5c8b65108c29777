import { expect, it } from "vitest";
import { retryAfterSeconds } from "../../../../gateway/jobs/requests/retry-after.ts";

it.each([
  [[2000, 4000], 10, 30],
  [[1500], 1, 2],
  [[], 3, 15],
  [[10], 1, 1],
  [[60_000], 1000, 300],
])("runs of %j ms and %d jobs that wait: come back in %d s", (runMs, queued, seconds) => {
  expect(retryAfterSeconds(runMs, queued)).toBe(seconds);
});
