import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { appDocument } from "../support/apps.ts";
import { type LocalAccount, startLocalAccount } from "../support/local-account.ts";
import { type ModelServer, modelBytes, startModelServer } from "../support/model-server.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { openTerminal, type Terminal, terminalTrouble } from "../support/terminal.ts";
import { postcards } from "./support/playground-apps.ts";
import { terminalPicture } from "./support/terminal-picture.ts";

/** A folder for pictures of the terminal; none unless it is told. */
const pictures = process.env["TERMINAL_PICTURES"];
const main = join(import.meta.dirname, "../../cli/main.ts");
const columns = 120;

/** What a person sees of an app that is deployed and run, on the local RunPod, in that order. */
describe("an app's life on a terminal", () => {
  let account: LocalAccount;
  let models: ModelServer;
  let folder: string;

  beforeAll(async () => {
    [account, models] = await Promise.all([startLocalAccount(), startModelServer()]);
    models.files.set("/paper-grain.safetensors", { bytes: modelBytes(40e6), bytesPerSecond: 2e6 });
    folder = mkdtempSync(join(tmpdir(), "comfy-endpoints-terminal-"));
    mkdirSync(join(folder, "postcards"));
    const artifact = {
      ...{ source_url: models.url("/paper-grain.safetensors"), match: "paper-grain.safetensors" },
      ...{ target_subdir: "loras", target_path: "paper-grain.safetensors" },
    };
    const app = { ...appDocument, app_id: "postcards", compute_policy: { min_vram_gb: 16 }, artifacts: [artifact] };
    const files = { app, workflow: { prompt: postcards.workflow }, "workflow.contract": postcards.contract };
    for (const [name, document] of Object.entries(files)) {
      writeFileSync(join(folder, "postcards", `${name}.json`), JSON.stringify(document));
    }
  });
  beforeEach((context) => {
    const trouble = terminalTrouble();
    if (trouble !== undefined) context.skip(trouble);
  });
  afterAll(async () => {
    await Promise.all([account.close(), models.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const cend = (words: string): Terminal =>
    openTerminal(`"${process.execPath}" "${main}" --state-dir state ${words}`, {
      ...{ cwd: folder, env: { ...pulumiEnv(folder), PATH: process.env["PATH"], ...account.env }, columns },
    });
  const picture = (name: string, words: string, terminal: Terminal): void => {
    if (pictures === undefined) return;
    writeFileSync(join(pictures, name), terminalPicture(`cend ${words}`, terminal.written(), columns));
  };

  it("shows the passphrase that it makes, once", async () => {
    const terminal = cend("preview postcards/app.json");
    expect(await terminal.ended()).toBe(0);
    const passphrase = readFileSync(join(folder, "state/passphrase"), "utf8");
    expect(terminal.shown()).toContain(`keep a copy of ${join(folder, "state/passphrase")}: ${passphrase}\n`);
  });

  it("shows how far a deployment is in a line that lives, and where the endpoint is in the end", async () => {
    const words = "deploy postcards/app.json";
    const terminal = cend(words);
    await terminal.shows(/0:\d\d {2}deploying postcards: models: paper-grain\.safetensors [3-9]\d %/, 100);
    picture("deploy-midway.svg", words, terminal);
    const logs = cend("logs postcards");
    expect(await logs.ended()).toBe(0);
    expect(logs.shown()).toMatch(
      /^\(BOOTSTRAPPING: models: paper-grain\.safetensors; these lines are the gateway's\)$/m,
    );
    expect(await terminal.ended()).toBe(0);
    picture("deploy.svg", words, terminal);
    expect(terminal.shown()).toMatch(/^endpoint +http:\/\/127\.0\.0\.1:\d+\/proxy\/\S+$/m);
    expect(terminal.shown()).toMatch(/^state +READY$/m);
  });

  it("shows how far a run is, and where it saved what it made", async () => {
    const words = 'invoke postcards --input-prompt "greetings from the lighthouse" --input-seconds 8 --wait';
    const terminal = cend(words);
    await terminal.shows(/0:0\d {2}running {2}\d\d % {2}LocalSleep 1\d\/20/, 60);
    picture("invoke-midway.svg", words, terminal);
    expect(await terminal.ended()).toBe(0);
    picture("invoke.svg", words, terminal);
    const [, path = ""] = /^card +(outputs\/card-[0-9a-f]{8}\.png) \(\d+ bytes\)$/m.exec(terminal.shown()) ?? [];
    expect(readFileSync(join(folder, path)).subarray(1, 4).toString()).toBe("PNG");
  });

  it("takes it down, and says that nothing costs any more", async () => {
    const terminal = cend("destroy postcards");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown()).toContain("postcards is destroyed; it costs nothing any more\n");
    expect(await account.pods()).toEqual([]);
  });
}, 240_000);
