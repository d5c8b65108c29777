import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engine, engineEnv } from "../../scripts/engine/index.js";
import { writeApp } from "../support/app-folder.ts";
import { block, runCommands } from "../support/documents.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { copyProject, linkModules } from "../support/working-copy.ts";

let folder: string;
let clone: string;
let account: LocalAccount;
let env: Record<string, string | undefined>;

/** A machine with Pulumi and Node 24, and a clone. */
beforeAll(async () => {
  account = await startLocalAccount();
  folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-programs-"));
  clone = join(folder, "comfy-endpoints");
  copyProject(clone, /^(?:test|bench)\//);
  linkModules(clone);
  const login = { PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: "geheim" };
  env = {
    ...engineEnv(await engine({ onProgress: () => undefined }), { ...pulumiEnv(folder), ...account.env, ...login }),
    PULUMI_SKIP_CONFIRMATIONS: "true",
  };
});
afterAll(async () => {
  await account.close();
  rmSync(folder, { recursive: true, force: true });
});

const status = async (url: string, key: string): Promise<number> =>
  (await fetch(`${url}/contract`, { headers: { "x-api-key": key } })).status;

describe("programs of other people's, as the pages have them", { timeout: 300_000 }, () => {
  it("serve an app on two continents", async () => {
    const commands = block("examples/two-endpoints/README.md#two-endpoints-in-a-program-of-your-own:1");
    const said = await runCommands(commands, { cwd: join(clone, "examples/two-endpoints"), env });
    expect(said).toMatch(/\{"us":"http:\/\/127\.0\.0\.1:[^"]+","eu":"http:\/\/127\.0\.0\.1:[^"]+"\}[\w-]{43}\n/);
    expect(await account.pods()).toEqual([]);
  });

  it("serve an app to a site with a key of its own", async () => {
    const program = join(folder, "program");
    mkdirSync(program);
    writeApp(join(program, "cards"));
    const run = (commands: string) => runCommands(commands, { cwd: program, env });
    const source = block("README.md#in-a-program-of-your-own:2") + block("README.md#call-the-endpoint:2");
    writeFileSync(join(program, "index.ts"), source);
    writeFileSync(join(program, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(
      join(program, "Pulumi.yaml"),
      "name: program\nmain: index.ts\nruntime: {name: nodejs, options: {typescript: false}}\n",
    );
    await run(block("README.md#in-a-program-of-your-own:1", { "<this repository>": clone }));
    await run(`node ${clone}/node_modules/typescript/bin/tsc --noEmit --strict --module nodenext index.ts`);
    await run("pulumi stack init dev && pulumi up");
    const outputs = JSON.parse(await run("pulumi stack output --json --show-secrets")) as Record<string, string>;
    const { url = "", key = "", siteKey = "" } = outputs;
    expect([await status(url, key), await status(url, siteKey), await status(url, "another")]).toEqual([200, 200, 401]);
    await run("pulumi destroy");
    expect(await account.pods()).toEqual([]);
  });
});
