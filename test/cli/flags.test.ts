import { describe, expect, it } from "vitest";
import { readInputFlags } from "../../cli/invoke/flags.ts";
import { problemLine } from "../../contract/errors.ts";
import { workflowContractSchema } from "../../contract/workflow-contract.ts";

const contract = workflowContractSchema.parse({
  contract_id: "c",
  version: "v1",
  inputs: [
    { name: "prompt", type: "string", required: true, node_id: "1" },
    { name: "steps", type: "integer", required: false, node_id: "1", default: 4, min: 1, max: 50 },
    { name: "strength", type: "number", required: false, node_id: "1" },
    { name: "tile", type: "boolean", required: false, node_id: "1" },
    { name: "options", type: "object", required: false, node_id: "1" },
    { name: "tags", type: "array", required: false, node_id: "1" },
    { name: "photo", type: "image/png", required: false, node_id: "1" },
    { name: "photo-id", type: "string", required: false, node_id: "1" },
  ],
  outputs: [{ name: "image", type: "image/png", node_id: "2" }],
});

const read = (words: string[], base = {}) => readInputFlags(contract, words, base);
const problems = (words: string[], base = {}) => read(words, base).problems.map(problemLine);
const id = `fid_${"a".repeat(32)}`;

describe("flags of invoke", () => {
  it("turns words into values of the contract's types", () => {
    const words = ["--input-prompt", "fog", "--input-steps", "8", "--input-strength=-0.5", "--input-tile", "Yes"];
    expect(read([...words, "--input-options", '{"a": 1}', "--input-tags=[1, 2]"])).toEqual({
      values: { prompt: "fog", steps: 8, strength: -0.5, tile: true, options: { a: 1 }, tags: [1, 2] },
      uploads: [],
      problems: [],
    });
  });

  it("takes values that begin with dashes when they are joined with =", () => {
    expect(read(["--input-prompt=--wait = now"]).values).toEqual({ prompt: "--wait = now" });
    expect(read(["--input-prompt", "fog", "--input-strength", "-1"]).values).toEqual({ prompt: "fog", strength: -1 });
  });

  it("lets flags override the values of --input-json, and sends no defaults", () => {
    expect(read(["--input-prompt", "fog"], { prompt: "sun", tile: false }).values).toEqual({
      prompt: "fog",
      tile: false,
    });
  });

  it("marks files for upload, and lets an input's own name win over another's suffix", () => {
    const { values, uploads } = read([
      "--input-prompt",
      "fog",
      "--input-photo-file",
      "a b.png",
      "--input-photo-id",
      "x",
    ]);
    expect(uploads).toEqual([{ input: "photo", path: "a b.png", mediaType: "image/png" }]);
    expect(values["photo-id"]).toBe("x");
  });

  it("takes the id of a file that is uploaded already", () => {
    const media = workflowContractSchema.parse({
      ...contract,
      inputs: contract.inputs.filter(({ name }) => name === "photo"),
    });
    expect(readInputFlags(media, ["--input-photo-id", id], {})).toMatchObject({ values: { photo: id }, problems: [] });
    expect(readInputFlags(media, ["--input-photo-id", "../x"], {}).problems.map(problemLine)).toEqual([
      '"photo" is "../x"; upload the image/png to /files and give its file id (fid_ and 32 hex digits)',
    ]);
  });

  it("tells all mistakes at once", () => {
    expect(
      problems([
        "--input-steps",
        "many",
        "--input-tile",
        "perhaps",
        "--input-photo",
        "x.png",
        "--input-promt",
        "fog",
        "--input-options",
      ]),
    ).toEqual([
      '"--input-steps" is "many"; give a number',
      '"--input-tile" is "perhaps"; give true or false',
      '"--input-photo" is image/png; give --input-photo-file PATH or --input-photo-id FILE_ID',
      expect.stringMatching(
        /^"--input-promt" is not known \(did you mean --input-prompt\?\); this endpoint takes --input-photo-file, /,
      ),
      '"--input-options" lacks its value (object)',
      '"prompt" is missing; give a string',
    ]);
  });

  it("checks values against the contract's bounds before anything is sent", () => {
    expect(problems(["--input-prompt", "fog", "--input-steps", "51"])).toEqual([
      '"steps" is 51; it must be at most 50',
    ]);
    expect(problems(["--input-prompt", "fog", "--input-steps", "1.5"])).toEqual([
      '"steps" is 1.5; give a whole number',
    ]);
    expect(problems([], { prompt: "fog", sed: 1 })).toEqual([expect.stringMatching(/^"sed" is not an input; /)]);
  });

  it("refuses an input that is given twice, abbreviations, and words that are no flags", () => {
    expect(problems(["--input-prompt", "fog", "--input-prompt", "sun"])).toEqual([
      '"--input-prompt" gives the input a second time',
    ]);
    expect(problems(["--input-prompt", "fog", "--input-stren", "1"])).toHaveLength(1);
    expect(problems(["--input-prompt", "fog", "lighthouse"])).toEqual([
      expect.stringMatching(/^"lighthouse" is not known; /),
    ]);
    expect(problems(["--input-prompt-file", "fog.txt"])).toEqual([
      '"--input-prompt-file" is string, no media; give --input-prompt VALUE',
      '"prompt" is missing; give a string',
    ]);
  });
});
