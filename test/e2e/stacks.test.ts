import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDeployment, openDeployment } from "../../cli/stacks/deployment.ts";
import { openProject } from "../../cli/stacks/project.ts";
import type { Engine } from "../../cli/stacks/pulumi-cli.ts";
import { knownStacks } from "../../cli/stacks/state-dir.ts";
import { UserError } from "../../contract/errors.ts";
import { engine, engineEnv } from "../../scripts/engine/index.js";
import { writeApp } from "../support/app-folder.ts";
import { pulumiEnv } from "../support/pulumi-env.ts";
import { leaveLock } from "../support/stack-lock.ts";
import { writeTinyProgram } from "../support/tiny-program.ts";

let folder: string;
let program: string;
let pulumi: Engine;
let env: Record<string, string | undefined>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stacks-"));
  program = writeTinyProgram(join(folder, "program"));
  env = pulumiEnv(folder);
  const found = await engine({ onProgress: () => undefined });
  pulumi = { pulumi: found.pulumi, env: engineEnv(found, env) };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (stateDir: string) => openProject({ stateDir, env, engine: pulumi, program });

describe("stacks, with the real engine", () => {
  it("deploys, finds nothing to change, outlives the lock of a dead run, and destroys although the app's files are gone", async () => {
    const stateDir = join(folder, "state-a");
    const app = writeApp(join(folder, "app-a"));
    const deployment = await createDeployment(await open(stateDir), "cards");
    await deployment.configure({ app });
    let output = "";
    const first = await deployment.up({ onOutput: (text) => (output += text) });
    expect(first.changes).toEqual({ create: 3 });
    expect(output).toContain("note created");
    expect(first.outputs).toMatchObject({
      endpointUrl: "https://note-1.cards.example",
      apiKey: "key-in-clear",
      costPerHour: 0.44,
    });

    expect((await deployment.preview()).changes).toEqual({ same: 3 });
    leaveLock(join(stateDir, "backend"), "cards");
    expect((await deployment.up({ onOutput: (text) => (output += text) })).changes).toEqual({ same: 3 });
    expect(output).toContain("The run that locked the stack is dead; its lock is taken away.\n");
    expect(knownStacks(stateDir)).toEqual(["cards"]);
    expect(statSync(join(stateDir, "passphrase")).mode & 0o777).toBe(0o600);
    expect(textBelow(join(stateDir, "backend"))).not.toContain("key-in-clear");

    rmSync(join(folder, "app-a"), { recursive: true });
    const again = await openDeployment(await open(stateDir), "cards");
    expect((await again?.outputs())?.endpointUrl).toBe("https://note-1.cards.example");
    expect((await again?.destroy())?.changes).toEqual({ delete: 3 });
    expect(await openDeployment(await open(stateDir), "cards")).toBeUndefined();
    expect(knownStacks(stateDir)).toEqual([]);
  });

  it("says which resource failed and why, without the engine's noise", async () => {
    const deployment = await createDeployment(await open(join(folder, "state-b")), "cards");
    await deployment.configure({ app: writeApp(join(folder, "app-b"), { env: { BEHAVIOR: "refuse" } }) });
    const error: unknown = await deployment.up().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toBe(
      "pulumi up of cards failed: note: no room for the note\n  neither here nor there",
    );
    await expect(deployment.outputs()).rejects.toThrow(
      "the deployment of cards did not finish; deploy it again, or destroy it",
    );
  });

  it("removes a stack whose program failed before it made anything", async () => {
    const stateDir = join(folder, "state-c");
    const deployment = await createDeployment(await open(stateDir), "cards");
    await deployment.configure({ app: writeApp(join(folder, "app-c"), { env: { BEHAVIOR: "stop" } }) });
    await expect(deployment.up()).rejects.toThrow(/^pulumi up of cards failed: (Error: )?the app is not to our taste$/);
    await deployment.removeIfEmpty();
    expect(knownStacks(stateDir)).toEqual([]);
  });

  it("sets and takes away keys of the config, secrets in a form that nobody can read", async () => {
    const stateDir = join(folder, "state-e");
    const deployment = await createDeployment(await open(stateDir), "cards");
    const config = () => readFileSync(join(stateDir, "stacks/Pulumi.cards.yaml"), "utf8");
    await deployment.configure({ app: "a.json", settings: { stopAfter: "8h", registryPassword: "hunter2" } });
    expect(config()).toContain("comfy-endpoints:stopAfter: 8h\n");
    expect(config()).toMatch(/comfy-endpoints:registryPassword:\n +secure: /);
    expect(config()).not.toContain("hunter2");
    await deployment.configure({ app: "a.json", settings: { stopAfter: "" } });
    expect(config()).not.toContain("stopAfter");
    expect(config()).toContain("registryPassword");
  });

  it("lets the engine finish what it is at when the run is aborted, and keeps it in the state", async () => {
    const project = await open(join(folder, "state-d"));
    const deployment = await createDeployment(project, "cards");
    await deployment.configure({ app: writeApp(join(folder, "app-d"), { env: { BEHAVIOR: "wait" } }) });
    const interruption = new AbortController();
    let output = "";
    const run = deployment.up({ onOutput: (text) => (output += text), signal: interruption.signal });
    const failed = expect(run).rejects.toBeInstanceOf(UserError);
    await expect.poll(() => existsSync(join(folder, "program/waiting")), { timeout: 20_000 }).toBe(true);
    interruption.abort();
    await expect.poll(() => output, { timeout: 10_000 }).toContain("ancel");
    writeFileSync(join(folder, "program/go"), "");
    await failed;
    expect((await deployment.destroy()).changes).toMatchObject({ delete: 3 });
  });
}, 120_000);

function textBelow(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, "utf8");
  return readdirSync(path)
    .map((entry) => textBelow(join(path, entry)))
    .join("\n");
}
