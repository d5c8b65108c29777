import { describe, expect, it } from "vitest";
import { optionalPackage } from "../../components/optional-package.ts";

const missing = "@no-such/package";

describe("a package that not every program needs", () => {
  it("is loaded where it is installed", async () => {
    const path = await optionalPackage("node:path", "paths are joined by", () => import("node:path"));
    expect(path.join("a", "b")).toBe("a/b");
  });

  it("is asked for by name where it is not", async () => {
    await expect(optionalPackage(missing, "it is made by", () => import(missing))).rejects.toThrow(
      `it is made by ${missing}, which this program has not; run npm install ${missing}`,
    );
  });

  it("keeps its own errors", async () => {
    const broken = new SyntaxError("broken");
    await expect(optionalPackage(missing, "it is made by", () => Promise.reject(broken))).rejects.toBe(broken);
  });
});
