import { describe, expect, it } from "vitest";
import { parseDocument } from "../../contract/parse.ts";
import { workflowContractSchema } from "../../contract/workflow-contract.ts";
import { contractDocument } from "../support/apps.ts";

const parse = (changed: object) => parseDocument(workflowContractSchema, { ...contractDocument, ...changed }, "c.json");
const input = { name: "n", type: "integer", required: false, node_id: 1 };
const output = { name: "o", type: "image/png", node_id: "3" };

describe("a workflow's contract", () => {
  it("normalizes types and node ids", () => {
    const contract = parse({ inputs: [{ ...input, type: " Integer " }], outputs: [{ ...output, type: "Image/PNG" }] });
    expect(contract.inputs[0]).toMatchObject({ type: "integer", node_id: "1" });
    expect(contract.outputs[0]).toMatchObject({ type: "image/png" });
  });

  it.each(["image/svg+xml", "file/bin", "video/mp4", "string", "object"])("takes the type %s", (type) => {
    expect(parse({ outputs: [{ ...output, type }] }).outputs[0]?.type).toBe(type);
  });

  it.each(["banana", "image/", "image/*", "text/plain", "application/json"])("refuses the type %s", (type) => {
    expect(() => parse({ outputs: [{ ...output, type }] })).toThrow(
      `c.json: "outputs[0].type" is "${type}"; use one of`,
    );
  });

  it.each<[object, string]>([
    [{ inputs: [] }, 'c.json: "inputs" is []; declare at least one input'],
    [{ inputs: [input, input] }, 'c.json: "inputs[1].name" is "n"; the name is used above; names are unique'],
    [{ inputs: [{ ...input, name: "a/b" }] }, 'c.json: "inputs[0].name" is "a/b"; give a name of letters'],
    [{ inputs: [{ ...input, required: "no" }] }, 'c.json: "inputs[0].required" is "no"; it must be true or false'],
    [{ inputs: [{ ...input, min: 5, max: 1 }] }, 'c.json: "inputs[0].min" is 5; it must not exceed max (1)'],
    [{ inputs: [{ ...input, default: "x" }] }, 'c.json: "inputs[0].default" is "x"; give a whole number'],
    [{ inputs: [{ ...input, type: "string", min: 1 }] }, 'c.json: "inputs[0].min" is 1; bounds belong to integer'],
    [{ inputs: [{ ...input, url: true }] }, 'c.json: "inputs[0].url" is true; addresses are fetched for media types'],
    [{ inputs: [{ ...input, url: "yes" }] }, 'c.json: "inputs[0].url" is "yes"; it must be true or false'],
  ])("refuses %j", (changed, message) => {
    expect(() => parse(changed)).toThrow(message);
  });
});
