import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { appJsonSchema, contractJsonSchema } from "../../../scripts/docs/json-schemas.ts";
import { appDocument, contractDocument } from "../../support/apps.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), "utf8"));

const kinds = [
  { name: "app", schema: appJsonSchema(), files: globSync("{apps,examples}/**/app.json", { cwd: root }) },
  {
    name: "workflow.contract",
    schema: contractJsonSchema(),
    files: globSync("{apps,examples}/**/*.contract.json", { cwd: root }),
  },
];

describe.each(kinds)("the JSON Schema of $name.json", ({ name, schema, files }) => {
  it("is in docs/ as the parser has it", async () => {
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(join(root, `docs/schemas/${name}.schema.json`));
  });

  it("takes every such file here", () => {
    const validate = new Ajv2020({ strict: false }).compile(schema);
    expect(files).not.toEqual([]);
    for (const file of files) {
      validate(read(file));
      expect({ file, errors: validate.errors }).toEqual({ file, errors: null });
    }
  });

  it("is named by every such file here", () => {
    for (const file of files)
      expect(read(file)).toHaveProperty("$schema", expect.stringMatching(`${name}.schema.json$`));
  });
});

describe("in an editor", () => {
  it.each([
    ["an app", appJsonSchema(), { ...appDocument, preferred_gpu_type: ["RTX 4090"] }, "additionalProperties"],
    [
      "an app",
      appJsonSchema(),
      { ...appDocument, endpoint: { ...appDocument.endpoint, max_payload_mb: "much" } },
      "type",
    ],
    ["a contract", contractJsonSchema(), { ...contractDocument, inputs: [] }, "minItems"],
  ])("%s with a mistake is marked (%#)", (_, schema, document, keyword) => {
    const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema);
    validate(document);
    expect(validate.errors?.map((error) => error.keyword)).toEqual([keyword]);
  });
});
