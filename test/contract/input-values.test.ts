import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkInputs, checkInputValue } from "../../contract/input-values.ts";
import { isLink } from "../../contract/workflow.ts";

const fid = `fid_${"0".repeat(32)}`;
const rule = (changed: object) => ({ name: "n", type: "string", required: false, ...changed });

describe("checking the inputs of a run", () => {
  it("fills in defaults and leaves out what is optional and absent", () => {
    const rules = [rule({ name: "a", default: "x" }), rule({ name: "b" }), rule({ name: "c" })];
    expect(checkInputs(rules, { c: "y" })).toEqual({ values: { a: "x", c: "y" }, problems: [] });
  });

  it("names a missing and an unexpected input as the original did, all at once", () => {
    const { problems } = checkInputs([rule({ required: true })], { z: 1, b: 2 });
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["missing_required_input:n", "n"],
      ["unexpected_inputs:b,z", "b"],
      ["unexpected_inputs:b,z", "z"],
    ]);
  });

  it("names a few of very many unexpected inputs, and no more of a name than an input's could be", () => {
    const body = Object.fromEntries(
      Array.from({ length: 50_000 }, (_, at) => [`${at}`.padStart(5, "0") + "x".repeat(200), at]),
    );
    const { problems } = checkInputs([rule({})], body);
    expect(problems).toHaveLength(20);
    expect(problems[0]).toMatchObject({
      path: `00000${"x".repeat(59)}`,
      message: "is not an input; the inputs are n, and 49980 more are not either",
    });
    expect(JSON.stringify(problems).length).toBeLessThan(50_000);
  });

  it.each([null, 3, "prompt", true, [], ["prompt"]])("refuses the body %j", (body) => {
    expect(checkInputs([rule({})], body).problems).toEqual([
      { path: "", code: "invalid_json", message: "the body must be a JSON object" },
    ]);
  });

  it.each<[object, unknown]>([
    [{ type: "string" }, ""],
    [{ type: "integer", min: 1, max: 3 }, 3],
    [{ type: "integer", min: 64, step: 8 }, 72],
    [{ type: "number", step: 0.1 }, 0.3],
    [{ type: "boolean" }, false],
    [{ type: "object" }, { a: 1 }],
    [{ type: "array" }, [1]],
    [{ type: "string", enum: ["a", "b"] }, "b"],
    [{ type: "image/png" }, fid],
  ])("takes for %j the value %j", (changed, value) => {
    expect(checkInputValue(rule(changed), value)).toBeUndefined();
  });

  it.each<[object, unknown, string]>([
    [{ type: "string" }, 5, "give a string"],
    [{ type: "integer" }, 1.5, "give a whole number"],
    [{ type: "integer" }, 2 ** 60, "give a whole number"],
    [{ type: "integer" }, "5", "give a whole number"],
    [{ type: "integer", min: 1 }, 0, "it must be at least 1"],
    [{ type: "number", max: 1 }, 1.1, "it must be at most 1"],
    [{ type: "integer", min: 64, step: 8 }, 65, "it must be 64 plus a multiple of 8"],
    [{ type: "number" }, Number.NaN, "give a number"],
    [{ type: "boolean" }, "yes", "give true or false"],
    [{ type: "object" }, [1], "give a JSON object"],
    [{ type: "string", enum: ["a"] }, "c", 'use one of "a"'],
    [
      { type: "image/png" },
      "/proc/self/environ",
      "upload the image/png to /files and give its file id (fid_ and 32 hex digits)",
    ],
    [
      { type: "image/png" },
      `${fid}/../x`,
      "upload the image/png to /files and give its file id (fid_ and 32 hex digits)",
    ],
    [
      { type: "image/png" },
      "https://example.com/a.png",
      "upload the image/png to /files and give its file id (fid_ and 32 hex digits)",
    ],
    [
      { type: "image/png", url: true },
      "http://example.com/a.png",
      "upload the image/png to /files and give its file id (fid_ and 32 hex digits), or the https:// address where it is",
    ],
  ])("refuses for %j the value %j", (changed, value, message) => {
    expect(checkInputValue(rule(changed), value)).toBe(message);
  });

  it("never lets a scalar or media value through that ComfyUI could read as a link", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("string", "integer", "number", "boolean", "image/png", "file/bin"),
        fc.oneof(fc.jsonValue(), fc.tuple(fc.string(), fc.nat())),
        (type, value) => {
          const { values } = checkInputs([rule({ type })], { n: value });
          expect(isLink(values["n"])).toBe(false);
        },
      ),
    );
  });
});
