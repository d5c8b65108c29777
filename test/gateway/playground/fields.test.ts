import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkInputs } from "../../../contract/input-values.ts";
import { parseDocument } from "../../../contract/parse.ts";
import { workflowContractSchema } from "../../../contract/workflow-contract.ts";
import { fieldsOf, seedFor, valueOf, valuesOf } from "../../../gateway/playground/page/form/fields.js";
import { contractDocument } from "../../support/apps.ts";

const parse = (inputs: object[]) => {
  const full = inputs.map((input) => ({ required: false, node_id: "1", ...input }));
  return parseDocument(workflowContractSchema, { ...contractDocument, inputs: full }, "the contract");
};
const fieldOf = (input: object) => {
  const [field] = fieldsOf(parse([{ name: "it", ...input }]));
  if (field === undefined) throw new Error("there is no field");
  return field;
};
const [yes, no] = ["true", "false"];

describe("a field of the form", () => {
  it.each([
    [{ type: "string" }, "text"],
    [{ type: "integer" }, "number"],
    [{ type: "number" }, "number"],
    [{ type: "boolean", required: true }, "switch"],
    [{ type: "boolean", default: true }, "switch"],
    [{ type: "boolean" }, "choice"],
    [{ type: "string", enum: ["a"] }, "choice"],
    [{ type: "integer", enum: [1, 2] }, "choice"],
    [{ type: "object" }, "json"],
    [{ type: "array" }, "json"],
    [{ type: "image/png" }, "media"],
    [{ type: "file/bin" }, "media"],
  ])("for %j is a %s", (input, control) => expect(fieldOf(input).control).toBe(control));

  it.each([
    [{ type: "integer", min: 1, max: 50 }, "integer, 1 to 50, optional"],
    [{ type: "integer", min: 0, required: true }, "integer, from 0"],
    [{ type: "number", max: 1, step: 0.1, default: 0.5 }, "number, up to 1, in steps of 0.1"],
    [{ type: "string" }, "string, optional"],
  ])("says of %j: %s", (input, facts) => expect(fieldOf(input).facts).toBe(facts));

  it("has a slider where its bounds leave few steps", () => {
    const slides = (input: object) => fieldOf({ type: "integer", ...input }).hasSlider;
    expect(slides({ min: 1, max: 50 })).toBe(true);
    expect(slides({ min: 64, max: 2048, step: 64 })).toBe(true);
    expect(slides({ type: "number", min: 0, max: 1 })).toBe(true);
    expect(slides({ min: 0, max: 2 ** 32 })).toBe(false);
    expect(slides({ min: 0 })).toBe(false);
  });

  it("knows seeds, long texts, and what pickers should offer", () => {
    expect(fieldOf({ name: "noise_seed", type: "integer" }).isSeed).toBe(true);
    expect(fieldOf({ name: "seedling", type: "integer" }).isSeed).toBe(false);
    expect(fieldOf({ name: "negative_prompt", type: "string" }).isLong).toBe(true);
    expect(fieldOf({ name: "name", type: "string" }).isLong).toBe(false);
    expect(fieldOf({ type: "video/mp4" }).accept).toBe("video/*");
    expect(fieldOf({ type: "file/bin" }).accept).toBe("");
  });
});

describe("a control's text", () => {
  it.each([
    [{ type: "string" }, "", undefined],
    [{ type: "string" }, " a ", " a "],
    // Somebody emptied it.
    [{ type: "string", default: "blurry" }, "", ""],
    [{ type: "integer" }, "7", 7],
    [{ type: "number" }, "-0.5", -0.5],
    [{ type: "integer", default: 3 }, "", undefined],
    [{ type: "boolean", required: true }, yes, true],
    [{ type: "boolean", required: true }, no, false],
    [{ type: "boolean" }, "", undefined],
    [{ type: "boolean" }, "1", false],
    [{ type: "integer", enum: [10, 20] }, "1", 20],
    [{ type: "object" }, '{"a": [1]}', { a: [1] }],
    [{ type: "array" }, " ", undefined],
    [{ type: "image/png" }, " https://example.com/a.png ", "https://example.com/a.png"],
    [{ type: "image/png" }, "", undefined],
  ])("for %j: %j gives %j", (input, text, value) => expect(valueOf(fieldOf(input), text)).toEqual({ value }));

  it.each([
    [{ type: "integer" }, "?", /^is no number$/],
    [{ type: "object" }, "{", /^is no JSON: /],
  ])("for %j: %j is a problem", (input, text, problem) => {
    expect(valueOf(fieldOf(input), text)).toEqual({ problem: expect.stringMatching(problem) as string });
  });
});

describe("a form", () => {
  it("gives from its defaults what the endpoint makes of an empty run", () => {
    const contract = parse([
      { name: "prompt", type: "string", default: "a\nb" },
      { name: "steps", type: "integer", min: 1, max: 50, default: 8 },
      { name: "sampler", type: "string", enum: ["euler", "ddim"], default: "ddim" },
      { name: "upscale", type: "boolean", default: false },
      { name: "options", type: "object", default: { a: { b: null } } },
      { name: "photo", type: "image/png" },
    ]);
    const fields = fieldsOf(contract);
    const { values, problems } = valuesOf(fields, new Map(fields.map(({ name, initial }) => [name, initial])));
    expect(problems).toEqual([]);
    expect(values).toEqual(checkInputs(contract.inputs, {}).values);
  });

  it("names each problem, and keeps an input that is called like something every object has", () => {
    const fields = fieldsOf(
      parse([
        { name: "__proto__", type: "string" },
        { name: "n", type: "integer" },
      ]),
    );
    const texts = new Map([
      ["__proto__", "x"],
      ["n", "?"],
    ]);
    const { values, problems } = valuesOf(fields, texts);
    expect(JSON.stringify(values)).toBe('{"__proto__":"x"}');
    expect(problems).toEqual([{ path: "n", message: "is no number" }]);
  });

  it("draws seeds that the contract takes", () => {
    const bounds = fc.record({ min: fc.integer(), span: fc.nat(), step: fc.integer({ min: 1, max: 1000 }) });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(bounds, random, ({ min, span, step }, at) => {
        const rule = { name: "seed", type: "integer", required: true, node_id: "1", min, max: min + span, step };
        expect(checkInputs([rule], { seed: seedFor(rule, () => at) }).problems).toEqual([]);
      }),
    );
  });
});
