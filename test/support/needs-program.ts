import { spawnSync } from "node:child_process";
import type { TestContext } from "vitest";

/** Skips a test on a machine without a program that users of what is tested would have. */
export function needsProgram(context: TestContext, name: string): void {
  if (spawnSync(name, ["--version"]).error !== undefined) context.skip(`${name} is missing`);
}
