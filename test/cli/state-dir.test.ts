import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { knownStacks, prepareStateDir } from "../../cli/stacks/state-dir.ts";

let folder: string;
let state: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "state-dir-"));
  state = join(folder, "new/state");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const prepare = (env = {}) => prepareStateDir(state, join(folder, "repository/index.ts"), { HOME: folder, ...env });

it("keeps state, and the passphrase that unlocks it, in the folder", () => {
  const { env, newPassphraseFile } = prepare();
  const file = join(state, "passphrase");
  expect(env).toEqual({ PULUMI_BACKEND_URL: `file://${state}/backend`, PULUMI_CONFIG_PASSPHRASE_FILE: file });
  expect(newPassphraseFile).toBe(file);
  expect(readFileSync(file, "utf8")).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(state, "Pulumi.yaml"), "utf8")).toContain('\nmain: "../../repository/index.ts"\n');
});

it("makes a passphrase once", () => {
  prepare();
  const passphrase = readFileSync(join(state, "passphrase"), "utf8");
  expect(prepare().newPassphraseFile).toBeUndefined();
  expect(readFileSync(join(state, "passphrase"), "utf8")).toBe(passphrase);
});

it("leaves a passphrase and a backend of the user's alone", () => {
  expect(prepare({ PULUMI_CONFIG_PASSPHRASE: "", PULUMI_BACKEND_URL: "s3://states" }).env).toEqual({});
  expect(prepare({ PULUMI_CONFIG_PASSPHRASE_FILE: "/mine", PULUMI_ACCESS_TOKEN: "pul-1" }).env).toEqual({});
  expect(existsSync(join(state, "passphrase"))).toBe(false);
});

it("uses the backend that Pulumi is logged in to", () => {
  for (const [home, env] of [
    [join(folder, ".pulumi"), {}],
    [join(folder, "elsewhere"), { PULUMI_HOME: join(folder, "elsewhere") }],
  ] as const) {
    mkdirSync(home);
    writeFileSync(join(home, "credentials.json"), '{"current": "https://api.pulumi.com"}');
    expect(prepare(env).env).not.toHaveProperty("PULUMI_BACKEND_URL");
    writeFileSync(join(home, "credentials.json"), '{"current": ""}');
    expect(prepare(env).env).toHaveProperty("PULUMI_BACKEND_URL");
  }
});

it("knows its stacks by their config files", () => {
  expect(knownStacks(state)).toEqual([]);
  prepare();
  for (const name of ["Pulumi.faces.yaml", "Pulumi.cards.yaml", "notes.txt"])
    writeFileSync(join(state, "stacks", name), "");
  expect(knownStacks(state)).toEqual(["cards", "faces"]);
});
