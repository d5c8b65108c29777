import { expect, it } from "vitest";
import { jobText } from "../../cli/jobs/display.ts";
import { formatDuration } from "../../cli/live.ts";

const progress = { value: 0.426, node: "3", node_class: "KSampler", node_value: 2, node_max: 4 };

it.each([
  [{ state: "queued", queuePosition: undefined, progress: undefined }, "queued"],
  [{ state: "queued", queuePosition: 3, progress: undefined }, "queued, number 3 in line"],
  [{ state: "running", queuePosition: undefined, progress }, "running  43 %  KSampler 2/4"],
  [
    { state: "running", queuePosition: undefined, progress: { ...progress, node_value: null, node_max: null } },
    "running  43 %  KSampler",
  ],
  [
    { state: "running", queuePosition: undefined, progress: { ...progress, node: null, node_class: null } },
    "running  43 %",
  ],
  [{ state: "completed", queuePosition: undefined, progress }, "completed"],
] as const)("a job that is %j reads %s", (view, text) => {
  expect(jobText(view)).toBe(text);
});

it.each([
  [900, "0:00"],
  [67_000, "1:07"],
  [3_723_000, "1:02:03"],
])("%i ms on a clock are %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
