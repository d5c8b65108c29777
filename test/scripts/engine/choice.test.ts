import { describe, expect, it } from "vitest";
import { chooseSource, explainMissing, type Facts } from "../../../scripts/engine/choice.js";

/** A machine with nothing, where the download was tried. */
const nothing: Facts = {
  given: false,
  machine: undefined,
  cached: false,
  cacheFolder: "/cache/engine/3.258.0",
  go: undefined,
  downloadFailed: "get.pulumi.com: no route",
};
const pulumi = (version: string, complete = true) => ({ machine: { version, complete } });

describe("the engine comes", () => {
  it.each<[string, Partial<Facts>, string | undefined]>([
    ["from the folder that is given, before all others", { given: true, ...pulumi("3.300.0"), cached: true }, "given"],
    ["from PATH, when it is new enough, before the cache", { ...pulumi("3.258.0"), cached: true }, "path"],
    ["from the cache, when the one on PATH is too old", { ...pulumi("3.257.0"), cached: true }, "cache"],
    [
      "from the cache, when the one on PATH lacks its language host",
      { ...pulumi("3.300.0", false), cached: true },
      "cache",
    ],
    ["from the cache, when that was never downloaded", { cached: true, downloadFailed: undefined }, "cache"],
    ["by download, as long as that was not tried, before Go", { go: "1.26.8", downloadFailed: undefined }, "download"],
    ["by download, when there is nothing else", { downloadFailed: undefined }, "download"],
    ["from Go, when it cannot be downloaded", { go: "1.25.11" }, "go"],
    ["from Go, when the one on PATH is of a later major version", { ...pulumi("4.0.0"), go: "1.26.8" }, "go"],
    ["from nowhere, when Go is too old", { go: "1.25.10" }, undefined],
    ["from nowhere, when there is nothing", {}, undefined],
  ])("%s", (_, facts, expected) => {
    expect(chooseSource({ ...nothing, ...facts })).toBe(expected);
  });
});

describe("a machine without any way to an engine", () => {
  it.each<[string, Partial<Facts>, string, string]>([
    ["nothing", {}, "no pulumi is on PATH", "no go is on PATH"],
    ["old tools", { ...pulumi("3.100.0"), go: "1.20" }, "the pulumi on PATH is 3.100.0", "the go on PATH is 1.20"],
    [
      "half a Pulumi",
      pulumi("3.258.0", false),
      "the pulumi on PATH is 3.258.0 without its Node language host",
      "no go is on PATH",
    ],
  ])("with %s is told in one line what was found, and the three ways out", (_, facts, found, compiler) => {
    expect(explainMissing({ ...nothing, ...facts })).toBe(
      `no Pulumi engine 3.258.0 to be had: ${found}, none is in /cache/engine/3.258.0, ` +
        `the download failed (get.pulumi.com: no route), and to build it ${compiler}; ` +
        "install Pulumi 3.258.0 or newer (https://www.pulumi.com/docs/install/) " +
        "or Go 1.25.11 or newer (https://go.dev/dl/), or make the download possible, and run this again",
    );
  });
});
