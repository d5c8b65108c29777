import { beforeAll, beforeEach } from "vitest";
import { NoTool } from "./docker.ts";

/** Runs before the tests of a file, or of the `describe` around it; they are skipped where a tool is missing to it. */
export function beforeAllWithTools(prepare: () => Promise<void>): void {
  let missing = "";
  beforeAll(async () => {
    try {
      await prepare();
    } catch (error) {
      if (!(error instanceof NoTool)) throw error;
      missing = error.message;
    }
  });
  beforeEach((context) => {
    if (missing !== "") context.skip(missing);
  });
}
