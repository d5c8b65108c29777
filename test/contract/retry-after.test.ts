import { expect, it } from "vitest";
import { retryAfterMs } from "../../contract/retry-after.ts";

const now = Date.parse("2026-03-04T05:06:07Z");

it.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["Wed, 04 Mar 2026 05:07:07 GMT", 60_000],
  ["Wed, 04 Mar 2026 05:00:00 GMT", 0],
  ["soon", undefined],
  ["", undefined],
  [null, undefined],
])("Retry-After: %s means a wait of %s ms", (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});
