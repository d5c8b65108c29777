import { expect, it } from "vitest";
import { hasWork } from "../../../gateway/pod/work.ts";

const now = 1_000_000;
const minute = 60_000;

it.each([
  ["nothing", { queued: 0, running: 0 }, undefined, false, false],
  ["a job that waits", { queued: 1, running: 0 }, undefined, false, true],
  ["a job that runs", { queued: 0, running: 1 }, undefined, false, true],
  ["a job that waits behind a boot that failed", { queued: 1, running: 0 }, undefined, true, false],
  ["a webhook that is being sent", { queued: 0, running: 0 }, now - 1, false, true],
  [
    "a webhook that is tried again soon, also after a boot that failed",
    { queued: 0, running: 0 },
    now + minute,
    true,
    true,
  ],
  ["a webhook that is tried again later", { queued: 0, running: 0 }, now + 10 * minute, false, false],
])("%s: work within 10 minutes", async (_, unfinished, nextAt, failed, expected) => {
  const options = {
    unfinished: () => Promise.resolve(unfinished),
    hasFailed: () => failed,
    nextAttemptAt: () => Promise.resolve(nextAt),
  };
  expect(await hasWork(options, 10 * minute, now)).toBe(expected);
});
