import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { chooseNode, nodeEnv } from "../../../scripts/setup/node.js";
import { repository } from "../support/processes.ts";

describe("the Node that everything is started with", () => {
  it.each([
    ["the running one, when it is 24", 24, true, "/fetched", "/running"],
    ["the running one, when it is newer and none was fetched", 26, true, undefined, "/running"],
    ["the fetched one, when the running one is older", 22, true, "/fetched", "/fetched"],
    ["the fetched one, when the running one has just been replaced", 24, false, "/fetched", "/fetched"],
    ["to be fetched, when the running one is older", 23, true, undefined, undefined],
    ["to be fetched, when the running one has just been removed", 24, false, undefined, undefined],
  ])("is %s", (_, runningMajor, runningIsThere, fetched, expected) => {
    expect(chooseNode({ running: "/running", runningMajor, runningIsThere, fetched })).toBe(expected);
  });

  it("comes first on the PATH of its children, and has a cache of compiled code in the repository", () => {
    expect(nodeEnv("/opt/node/bin/node", { PATH: ["/usr/bin", "/opt/node/bin"].join(delimiter), KEPT: "1" })).toEqual({
      PATH: ["/opt/node/bin", "/usr/bin"].join(delimiter),
      NODE_COMPILE_CACHE: join(repository, "node_modules/.cache/compile"),
      KEPT: "1",
    });
  });

  it("keeps a cache of compiled code that the user has chosen", () => {
    expect(nodeEnv("/node", { NODE_COMPILE_CACHE: "/mine" })).toEqual({ PATH: "/", NODE_COMPILE_CACHE: "/mine" });
  });
});
