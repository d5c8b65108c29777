import { expect, it } from "vitest";
import { didYouMean, nearest } from "../../cli/similar.ts";

it.each([
  ["valdiate", "validate"],
  ["statsu", "status"],
  ["card", "cards"],
  ["Cards", "cards"],
  ["--input-promt", "--input-prompt"],
  ["frobnicate", undefined],
  ["x", undefined],
])("%s is meant to be %s", (word, meant) => {
  expect(nearest(word, ["status", "validate", "cards", "--input-prompt", "--input-photo-file"])).toBe(meant);
});

it("suggests what is nearest, and nothing when nothing is near", () => {
  expect(didYouMean("cadrs", ["faces", "cards"])).toBe(" (did you mean cards?)");
  expect(didYouMean("cards", [])).toBe("");
});
