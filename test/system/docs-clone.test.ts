import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { block, notPrinted, runCommands } from "../support/documents.ts";
import { makeRepository } from "../support/git-repository.ts";
import { needsProgram } from "../support/needs-program.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { copyProject } from "../support/working-copy.ts";

let folder: string;
let repository: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-clone-"));
  repository = join(folder, "origin");
  copyProject(repository);
  makeRepository(repository, {});
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the README's first commands, where nothing is installed", { timeout: 600_000 }, () => {
  it("clone, show the demo as it is printed there, and test", async () => {
    // All tests would run this one as well.
    const given = { "<this repository>": `${repository} comfy-endpoints`, "npm test": "npm test -- test/contract" };
    const commands = block("README.md#try-it-two-commands-no-account-no-gpu:1", given);
    const said = await runCommands(commands, { cwd: folder, env: pulumiEnv(folder) });
    expect(notPrinted(said, block("README.md#try-it-two-commands-no-account-no-gpu:2")), said).toBeUndefined();
    expect(said).toMatch(/\n[1-9]\d* passed, 0 failed, \d+ skipped\n/);
  });

  it("leave the demo running where that is asked for, to be called as it says and as the README does", async (context) => {
    needsProgram(context, "curl");
    const clone = join(folder, "comfy-endpoints");
    const run = (commands: string, more: Record<string, string> = {}) =>
      runCommands(commands, { cwd: clone, env: { ...pulumiEnv(folder), ...more } });
    const said = await run("npm run demo -- --keep");
    try {
      const [curl = "", URL = "", KEY = ""] = /^ *curl -s (\S+)\/run -H 'x-api-key: (\S+)' \\\n.*$/m.exec(said) ?? [];
      expect(await run(curl)).toContain('"state":"queued"');
      const [cend = ""] = /^ *COMFY_ENDPOINTS_ENV_FILE=.*$/m.exec(said) ?? [];
      expect(await run(cend)).toContain('"state": "completed"');
      await run(block("README.md#call-the-endpoint:1"), { URL, KEY });
      expect(readFileSync(join(clone, "card.png")).subarray(1, 4).toString()).toBe("PNG");
    } finally {
      await run("npm run demo -- --down");
    }
  });
});
