import { describe, expect, it } from "vitest";
import { artifactsSchema } from "../../../contract/models/artifact.ts";
import { problemsOf } from "../../../contract/parse.ts";

const model = { source_url: "https://x/m", match: "m", target_subdir: "vae", target_path: "m" };
const problems = (...artifacts: object[]): string[] => {
  const parsed = artifactsSchema.safeParse(artifacts, { reportInput: true });
  return parsed.success ? [] : problemsOf(parsed.error).map(({ path, message }) => `${path} ${message}`);
};

describe("an artifact", () => {
  it("is a model unless it says otherwise, its paths in plain form", () => {
    expect(
      artifactsSchema.parse([{ ...model, kind: " ", target_subdir: "./vae//wan/", target_path: "a/./m" }]),
    ).toEqual([{ ...model, kind: "model", target_subdir: "vae/wan", target_path: "a/m", provides: [] }]);
  });

  it.each(["/etc/x", "../x", "a/../../x", "a\\..\\x", "x\u0000", ".", ""])("has no target_path %j", (target_path) => {
    expect(problems({ ...model, target_path })).toHaveLength(1);
  });

  it.each(["..", "/vae", ".comfy-endpoints/records"])("has no target_subdir %j", (target_subdir) => {
    expect(problems({ ...model, target_subdir })).toHaveLength(1);
  });

  it("may say what its bytes hash to, whatever the case of the digits", () => {
    const sha256 = "AB".repeat(32);
    expect(artifactsSchema.parse([{ ...model, sha256 }])[0]?.sha256).toBe("ab".repeat(32));
    expect(problems({ ...model, sha256: "ab" })).toEqual(['[0].sha256 is "ab"; give the 64 hex digits of a SHA-256']);
    expect(problems({ ...model, size_bytes: 0 })).toEqual(["[0].size_bytes is 0; it must be at least 1 byte"]);
  });

  it("has a place of its own, unless it is the same file", () => {
    expect(problems(model, { ...model, match: "other name" })).toEqual([]);
    expect(problems(model, { ...model, source_url: "https://x/other" })).toEqual([
      '[1].target_path is "m"; another artifact brings another file to "vae/m"; give this one a place of its own',
    ]);
    expect(problems(model, { ...model, target_path: "m/n" })[0]).toContain("one cannot be the folder of the other");
    expect(problems({ ...model, target_path: "m/n" }, model)[0]).toContain("one cannot be the folder of the other");
  });

  it("needs no match and no place as a custom node", () => {
    expect(problems({ kind: "custom_node", source_url: "https://x/pack.git" })).toEqual([]);
    expect(problems({ source_url: "https://x/m" })).toHaveLength(3);
  });
});
