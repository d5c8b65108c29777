import { describe, expect, it } from "vitest";
import { parseProfiles } from "../../../../providers/runpod/placement/deploy-profiles.ts";

describe("COMFY_ENDPOINTS_RUNPOD_DEPLOY_PROFILES", () => {
  it("lists cloud and whether spot, in the order to try them", () => {
    expect(parseProfiles("secure:false, COMMUNITY:1,SECURE : on", "X")).toEqual([
      { cloud: "SECURE", spot: false },
      { cloud: "COMMUNITY", spot: true },
      { cloud: "SECURE", spot: true },
    ]);
  });

  it.each([
    ["SECURE", 'X holds "SECURE"; give COMMUNITY or SECURE and whether spot, such as COMMUNITY:true,SECURE:false'],
    ["SECURE:false,MOON:true", 'X holds "MOON:true"; give'],
    ["SECURE:perhaps", 'X holds "SECURE:perhaps"; give'],
    [" , ", 'X is " , "; give at least one profile, such as SECURE:false, or leave it away'],
  ])("refuses %j and says what it takes", (text, message) => {
    expect(() => parseProfiles(text, "X")).toThrow(message);
  });
});
