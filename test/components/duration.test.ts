import { describe, expect, it } from "vitest";
import { parseDuration } from "../../components/duration.ts";

describe("a duration", () => {
  it.each([
    ["90s", 90],
    ["90m", 5400],
    ["8h", 28_800],
    ["1d12h", 129_600],
    [" 2d ", 172_800],
  ])("%j is %i seconds", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(["", "0h", "8", "h", "8 hours", "1h x", "-1h", "1.5h"])("%j is none", (text) => {
    expect(() => parseDuration(text)).toThrow("give a duration such as 90m, 8h or 1d12h");
  });
});
