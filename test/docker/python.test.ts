import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { nodePackages } from "../../scripts/python/nodes.ts";
import { NoPython } from "../../scripts/python/packages.ts";

// In Python, beside this file.
it("what is in Python in an image passes its tests", { timeout: 300_000 }, async (context) => {
  const packages = await nodePackages().catch((error: unknown) => {
    if (error instanceof NoPython) return context.skip(error.message);
    throw error;
  });
  const args = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider", import.meta.dirname];
  const env = { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" };
  const { status, stdout, stderr } = spawnSync("python3", args, { cwd: import.meta.dirname, env, encoding: "utf8" });
  expect(status, stdout + stderr).toBe(0);
});
