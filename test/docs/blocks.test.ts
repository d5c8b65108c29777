import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { appSchema } from "../../contract/app.ts";
import { appJsonSchema } from "../../scripts/docs/json-schemas.ts";
import { block, blocks } from "../support/documents.ts";

const root = join(import.meta.dirname, "../..");

/** Blocks that no test runs, and why. */
const unrunnable: Record<string, string> = {};

/** Names of blocks that a test mentions. */
const tested = new Set(
  globSync("test/{docs,e2e,system}/*.test.ts", { cwd: root }).flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/"([\w./-]+\.md#[a-z0-9-]+:\d+)"/g)].map(
      ([, name = ""]) => name,
    ),
  ),
);

describe("the blocks of README and docs", () => {
  it("say what they are", () => {
    const known = ["json", "sh", "text", "ts"];
    expect(blocks.filter(({ language }) => !known.includes(language)).map(({ name }) => name)).toEqual([]);
  });

  it("are each run by a test, or cannot be for a reason", () => {
    const names = blocks.map(({ name }) => name).sort();
    expect([...tested, ...Object.keys(unrunnable)].sort()).toEqual(names);
  });
});

describe("an example of app.json", () => {
  const demo = JSON.parse(readFileSync(join(root, "apps/demo/app.json"), "utf8")) as object;
  const schema = new Ajv2020({ strict: false }).compile(appJsonSchema());
  const commit = "0123456789abcdef0123456789abcdef01234567";

  it.each([
    ["a model", JSON.parse(`{${block("README.md#models:1")}}`) as object],
    ["a pack of nodes", { artifacts: [JSON.parse(block("README.md#packs-of-nodes:1", { "<full commit>": commit }))] }],
  ])("is right: %s", (_, fields) => {
    const document = { ...demo, ...fields };
    expect(schema(document), JSON.stringify(schema.errors)).toBe(true);
    expect(appSchema.safeParse(document).error?.issues).toBeUndefined();
  });
});
