import { describe, expect, it } from "vitest";
import { parsePythonJson } from "../../../gateway/comfy/json.ts";

describe("JSON from Python", () => {
  it("has null where Python wrote NaN or Infinity", () => {
    expect(parsePythonJson('{"a": NaN, "b": [Infinity, -Infinity], "c": 1}')).toEqual({
      a: null,
      b: [null, null],
      c: 1,
    });
  });

  it("keeps those words inside of texts", () => {
    expect(parsePythonJson(String.raw`{"a": NaN, "b": "NaN \" Infinity"}`)).toEqual({ a: null, b: 'NaN " Infinity' });
  });

  it("is refused when it is none", () => {
    expect(() => parsePythonJson("500 Internal Server Error")).toThrow(SyntaxError);
  });
});
