import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { engineVersion } from "../../../scripts/engine/version.js";
import { until } from "../../support/until.ts";
import { type Started, script, startNode } from "../support/processes.ts";
import { goodBinary, isRunning, writeGo } from "../support/programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Prints what it is told and where the engine comes from; SIGTERM asks it to stop. */
const program = `
  import { engine } from ${script("engine/index.js")};
  const stopping = new AbortController();
  process.on("SIGTERM", () => stopping.abort(new Error("stopped")));
  try {
    const { source, pulumi } = await engine({ onProgress: console.log, signal: stopping.signal });
    console.log(source + " " + pulumi);
  } catch (error) {
    console.error(error.name + ": " + error.message);
    process.exitCode = 1;
  }
`;
/** Nobody listens there: whatever network the machine is in, nothing can be downloaded. */
const noNetwork = { NODE_USE_ENV_PROXY: "1", HTTPS_PROXY: "http://127.0.0.1:9", https_proxy: "http://127.0.0.1:9" };
const refused = "get.pulumi.com: connect ECONNREFUSED 127.0.0.1:9";

/** A machine without a Pulumi and without a way to download one. */
class Machine {
  readonly folder = tempFolder();
  readonly engines = join(this.folder, "cache/engine");
  readonly pulumi = join(this.engines, engineVersion, "bin/pulumi");

  constructor() {
    mkdirSync(join(this.folder, "bin"));
  }

  /** Every build is counted; `$box` is a folder for the shell to write to. */
  goDoes(build: string): void {
    writeGo(join(this.folder, "bin"), `box="${this.folder}"; echo "$package" >> "$box/builds"\n${build}`);
  }

  builds = (): number => readFileSync(join(this.folder, "builds"), "utf8").trimEnd().split("\n").length;
  has = (file: string): boolean => existsSync(join(this.folder, file));

  start(): Started {
    const env = { PATH: join(this.folder, "bin"), HOME: this.folder, ...noNetwork };
    const cache = { COMFY_ENDPOINTS_CACHE_DIR: "cache" };
    const args = ["--input-type=module", "-e", program];
    return startNode(args, { cwd: this.folder, env: { ...env, ...cache } });
  }
}

const told = `No Pulumi ${engineVersion} here, and none to download (${refused})
Building Pulumi ${engineVersion} with Go 1.26.8: takes about five minutes, once
`;
const timeless = (text: string) => text.replace(/in \d+ s$/m, "in N s");
const goesOn = `touch "$box/begun"; until [ -e "$box/go-on" ]; do sleep 0.02; done; ${goodBinary}`;
const hangs = `echo half > "$out"; sleep 60 & echo $! > "$box/new"; mv "$box/new" "$box/begun"; wait`;

describe("an engine that has to be made", () => {
  it("is built when it cannot be downloaded, and is there from then on", async () => {
    const machine = new Machine();
    machine.goDoes(goodBinary);
    const first = await machine.start().ended;
    expect({ ...first, stdout: timeless(first.stdout) }).toEqual({
      code: 0,
      stdout: `${told}Built Pulumi ${engineVersion} in N s\ngo ${machine.pulumi}\n`,
      stderr: "",
    });
    expect(await machine.start().ended).toEqual({ code: 0, stdout: `cache ${machine.pulumi}\n`, stderr: "" });
    expect(machine.builds()).toBe(2);
  });

  it("is made by one of two processes; the other one waits, and uses that", async () => {
    const machine = new Machine();
    machine.goDoes(goesOn);
    const first = machine.start();
    await until("go has begun", () => machine.has("begun"));
    const second = machine.start();
    const waits = `Another process (pid ${first.pid}) is making the Pulumi engine, waiting for it\n`;
    await second.prints(waits);
    writeFileSync(join(machine.folder, "go-on"), "");
    expect((await first.ended).stdout).toContain(`go ${machine.pulumi}\n`);
    expect(await second.ended).toEqual({ code: 0, stdout: `${waits}cache ${machine.pulumi}\n`, stderr: "" });
    expect(machine.builds()).toBe(2);
    expect(readdirSync(machine.engines)).toEqual([engineVersion]);
  });

  it("is made by the process that waited when the other one fails", async () => {
    const machine = new Machine();
    machine.goDoes(`if [ -e "$box/begun" ]; then ${goodBinary}; else ${goesOn}; exit 1; fi`);
    const first = machine.start();
    await until("go has begun", () => machine.has("begun"));
    const second = machine.start();
    await second.prints("waiting for it\n");
    writeFileSync(join(machine.folder, "go-on"), "");
    expect((await first.ended).code).toBe(1);
    expect((await second.ended).stdout).toContain(`go ${machine.pulumi}\n`);
  });

  it("leaves nothing behind when the user asks to stop", async () => {
    const machine = new Machine();
    machine.goDoes(hangs);
    const run = machine.start();
    await until("go has begun", () => machine.has("begun"));
    process.kill(run.pid, "SIGTERM");
    expect(await run.ended).toEqual({ code: 1, stdout: told, stderr: "Error: stopped\n" });
    expect(readdirSync(machine.engines)).toEqual([]);
    const compiler = Number(readFileSync(join(machine.folder, "begun"), "utf8"));
    await until("the compiler is gone", () => !isRunning(compiler));
  });

  it("leaves nothing but go's words behind when the build fails", async () => {
    const machine = new Machine();
    machine.goDoes(`echo half > "$out"; echo broken >&2; exit 1`);
    const { code, stderr } = await machine.start().ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^SetupError: building pulumi-language-nodejs with Go 1\.26\.8 failed: broken \(.*\n$/);
    expect(readdirSync(machine.engines)).toEqual(["go-build.log"]);
  });
});

it("says in one line what was found and the three ways out, without Pulumi, network and Go", async () => {
  const machine = new Machine();
  expect(await machine.start().ended).toEqual({
    code: 1,
    stdout: "",
    stderr:
      `SetupError: no Pulumi engine ${engineVersion} to be had: no pulumi is on PATH, ` +
      `none is in ${join(machine.engines, engineVersion)}, ` +
      `the download failed (${refused}), and to build it no go is on PATH; ` +
      `install Pulumi ${engineVersion} or newer (https://www.pulumi.com/docs/install/) ` +
      "or Go 1.25.11 or newer (https://go.dev/dl/), or make the download possible, and run this again\n",
  });
  expect(readdirSync(machine.engines)).toEqual([]);
});
