import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeApp } from "../support/app-folder.ts";
import { startCend } from "../support/cend.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cend-"));
  writeApp(join(folder, "app"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Nobody is logged in to Pulumi here, and no engine can be found: these commands must not look for one.
const env = { HOME: "/nowhere", PATH: "", XDG_CACHE_HOME: "/nowhere" };
const cend = (...args: string[]) => startCend(args, { cwd: folder, env: { ...pulumiEnv(folder), ...env } }).ended;

describe("cend", () => {
  it("prints one JSON document when stdout is not a terminal, and warnings on stderr", async () => {
    writeApp(join(folder, "warned"), { gpu_profile: "A10G" });
    expect(await cend("validate", "warned/app.json")).toEqual({
      code: 0,
      stdout: `${JSON.stringify({ app_id: "cards", contract_id: "cards-contract", result: "ok" }, null, 2)}\n`,
      stderr: 'warning: "gpu_profile" (A10G) chooses nothing; use "preferred_gpu_types" or "compute_policy"\n',
    });
  });

  it("tells a mistake in one line without a stack and exits with 1", async () => {
    const path = writeApp(join(folder, "broken"), { regions: [] });
    expect(await cend("validate", "broken/app.json")).toEqual({
      code: 1,
      stdout: "",
      stderr: `error: ${path}: "regions" is []; name at least one region\n`,
    });
  });

  it.each(["validate", "validate-artifacts", "lock", "image plan", "doctor", "preview", "deploy"])(
    "exits with 3 where the app.json of %s is not there, and with 2 for a folder",
    async (words) => {
      const command = words.split(" ");
      expect(await cend(...command, "nowhere/app.json")).toEqual({
        code: 3,
        stdout: "",
        stderr: `error: ${join(folder, "nowhere/app.json")} does not exist; give the path of an app.json\n`,
      });
      expect(await cend(...command, "app")).toEqual({
        code: 2,
        stdout: "",
        stderr: `error: ${join(folder, "app")} is a folder; give app/app.json\n`,
      });
    },
  );

  it("exits with 2 when it is called wrongly, and suggests what was meant", async () => {
    expect(await cend("valdiate", "app/app.json")).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: unknown command 'valdiate'\n(Did you mean validate?)\n(--help tells what there is)\n",
    });
    expect((await cend("validate")).stderr).toContain("error: missing required argument 'app.json'\n");
    expect((await cend("validate", "app/app.json", "--nope")).code).toBe(2);
    expect((await cend("invoke", "cards", "--wait", "--timeout-seconds", "soon")).stderr).toBe(
      "error: option '--timeout-seconds <seconds>' argument 'soon' is invalid. Give a number of seconds above 0.\n(--help tells what there is)\n",
    );
    expect((await cend("invoke", "cards", "--input-json", "[1]")).stderr).toContain(
      'Give a JSON object such as {"prompt": "fog"}.',
    );
    expect((await cend("invoke", "--input-prompt", "fog")).stderr).toContain(
      "error: missing required argument 'app_id'\n",
    );
    expect((await cend("validate", "--jsno", "app/app.json")).stderr).toContain("(Did you mean --json?)");
  });

  it("says what is deployed when an app is not, without an engine and without leaving anything", async () => {
    expect(await cend("status", "cards", "--state-dir", "new")).toEqual({
      code: 3,
      stdout: "",
      stderr: 'error: "cards" is not deployed; deploy it first: cend deploy <app.json>\n',
    });
    expect(existsSync(join(folder, "new"))).toBe(false);
    mkdirSync(join(folder, "old/stacks"), { recursive: true });
    writeFileSync(join(folder, "old/stacks/Pulumi.faces.yaml"), "config: {}\n");
    expect((await cend("--state-dir", "old", "invoke", "cards", "--input-prompt", "fog")).stderr).toBe(
      'error: "cards" is not deployed; deployed are faces\n',
    );
    expect((await cend("--state-dir", "old", "status", "face")).stderr).toBe(
      'error: "face" is not deployed (did you mean faces?); deployed are faces\n',
    );
    expect(await cend("--state-dir", "old", "face", "--input-prompt", "fog")).toMatchObject({
      code: 2,
      stderr: "error: unknown command 'face'\n(Did you mean faces?)\n(--help tells what there is)\n",
    });
  });

  it("destroys nothing as gladly as something, and needs no more of app.json than its id", async () => {
    writeFileSync(join(folder, "id.json"), '{"app_id": "cards"}');
    expect(await cend("destroy", "id.json", "--state-dir", "new")).toEqual({
      code: 0,
      stdout: '{\n  "result": "destroyed"\n}\n',
      stderr: '"cards" is not deployed; nothing is deployed\n',
    });
    expect((await cend("destroy", "face", "--state-dir", "old")).stderr).toBe(
      '"face" is not deployed (did you mean faces?); deployed are faces\n',
    );
    writeFileSync(join(folder, "torn.json"), '{"app_id": ');
    const { code, stderr } = await cend("destroy", "torn.json", "--state-dir", "new");
    expect(code).toBe(2);
    expect(stderr).toMatch(/torn\.json is not valid JSON: .*; give the app's id instead \(nothing is deployed\)\n$/);
    expect(await cend("destroy", "gone.json", "--state-dir", "new")).toEqual({
      code: 3,
      stdout: "",
      stderr: `error: ${join(folder, "gone.json")} does not exist; give the app's id instead (nothing is deployed)\n`,
    });
  });

  it("owns up to a fault of its own in one line, and shows where on request", async () => {
    const fault = "JSON.stringify = () => { throw new Error('planted'); };";
    const options = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}` };
    const broken = { ...pulumiEnv(folder), ...env, ...options };
    const validate = ["validate", "app/app.json"];
    expect(await startCend(validate, { cwd: folder, env: broken }).ended).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: planted (a fault of comfy-endpoints; COMFY_ENDPOINTS_DEBUG=1 shows where)\n",
    });
    const debug = { ...broken, COMFY_ENDPOINTS_DEBUG: "1" };
    expect((await startCend(validate, { cwd: folder, env: debug }).ended).stderr).toMatch(/\n {4}at /);
  });

  it("blames the machine for what the machine refuses", async () => {
    expect(await cend("init", "app/app.json/new")).toEqual({
      code: 1,
      stdout: "",
      stderr: `error: ENOTDIR: not a directory, mkdir '${join(folder, "app/app.json/new")}'\n`,
    });
  });

  it("prints its help and version on stdout", async () => {
    expect(await cend("--version")).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
    const help = await cend("invoke", "--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("--timeout-seconds <seconds>");
    expect((await cend()).code).toBe(2);
  });
});
