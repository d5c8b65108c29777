import { describe, expect, it } from "vitest";
import type { ContractOutput } from "../../../contract/workflow-contract.ts";
import { findOutputs } from "../../../gateway/workflow/outputs.ts";

const output = (name: string, type: string, more: Partial<ContractOutput> = {}): ContractOutput => ({
  name,
  type,
  node_id: "9",
  ...more,
});
const file = (filename: string) => ({ filename, subfolder: "job", type: "output" });
const values = (type: string, ...given: unknown[]): unknown => {
  const [found] = findOutputs([output("v", type)], { "9": { value: given } });
  return found && "values" in found ? found.values : undefined;
};

describe("outputs in a prompt's history", () => {
  it.each([
    ["images", { images: [file("a.png"), file("b.png")] }],
    ["gifs", { gifs: [file("a.png"), file("b.png")], text: ["made with care"] }],
    ["a video under images", { images: [file("a.png")], animated: [true] }],
  ])("are files by their shape, under whatever key: %s", (_, node) => {
    expect(findOutputs([output("clip", "video/mp4")], { "9": node })).toEqual([
      { output: output("clip", "video/mp4"), files: [file("a.png")] },
    ]);
  });

  it("are all of a batch when the contract says multiple", () => {
    const images = output("images", "image/png", { multiple: true });
    const history = { "9": { images: [file("a.png"), file("b.png")] } };
    expect(findOutputs([images], history)).toEqual([{ output: images, files: [file("a.png"), file("b.png")] }]);
  });

  it.each([
    ["string", "123", "123"],
    ["string", 5, "5"],
    ["string", { a: 1 }, '{"a":1}'],
    ["integer", 5, 5],
    ["integer", "12", 12],
    ["number", "0.5", 0.5],
    ["boolean", "off", false],
    ["boolean", "Yes", true],
    ["boolean", 1, true],
    ["object", { a: 1 }, { a: 1 }],
    ["object", '{"a":1}', { a: 1 }],
    ["array", [1, 2], [1, 2]],
    ["array", "[1]", [1]],
  ])("are of the declared type: %s from %j", (type, given, value) => {
    expect(values(type, given)).toEqual([value]);
  });

  it.each([
    ["integer", true, "cannot_coerce_bool_to_integer"],
    ["integer", 1.5, "cannot_coerce_to_integer"],
    ["integer", "many", "cannot_coerce_to_integer"],
    ["integer", "", "cannot_coerce_to_integer"],
    ["number", "", "cannot_coerce_to_number"],
    ["number", false, "cannot_coerce_bool_to_number"],
    ["boolean", "maybe", "cannot_coerce_to_boolean"],
    ["object", "text", "expected_object"],
    ["object", [1], "expected_object"],
    ["array", { a: 1 }, "expected_array"],
  ])("are refused where %s is declared and %j came", (type, given, reason) => {
    expect(() => values(type, given)).toThrow(`OUTPUT_TYPE_ERROR:${reason}:v`);
  });

  it("take ApiOutput's value before what else the node shows", () => {
    const found = findOutputs([output("v", "string")], { "9": { text: ["note"], value: ["the value"] } });
    expect(found).toEqual([{ output: output("v", "string"), values: ["the value"] }]);
  });

  it("are missing by name, all of them at once", () => {
    const declared = [output("b", "image/png"), output("a", "string", { node_id: "8" }), output("c", "string")];
    expect(() => findOutputs(declared, { "9": { value: ["x"] } })).toThrow("MISSING_ARTIFACTS:a,b");
  });
});
