import { expect, it } from "vitest";
import { readSettings } from "../../cli/stacks/settings.ts";

it("reads keys and values, from variables too", () => {
  const words = ["networkVolumeGb=100", "comfy-endpoints:stopAfter=8h", "onFailed=", "registryPassword=env:TOKEN"];
  expect(readSettings(words, { TOKEN: "a=b" })).toEqual({
    ...{ networkVolumeGb: "100", stopAfter: "8h", onFailed: "", registryPassword: "a=b" },
  });
});

it.each([
  ["networkVolumeGB=100", /^--config networkVolumeGB is not known \(did you mean networkVolumeGb\?\); there are app, /],
  ["stopAfter", /^--config stopAfter lacks its value; give stopAfter=VALUE$/],
  ["registryPassword=hunter2", /^--config registryPassword is secret; put it into a variable/],
  ["stopAfter=env:NOTHING", /^--config stopAfter is the variable NOTHING, which is not set$/],
  ["app=x.json", /^--config app is the app\.json/],
])("refuses %s", (word, message) => {
  expect(() => readSettings([word], {})).toThrow(message);
});
