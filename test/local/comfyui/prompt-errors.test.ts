import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { picture, type StandIn, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterAll(() => comfy.close());

const image = (inputs: object) => ({
  "1": { class_type: "EmptyImage", inputs: { width: 64, height: 64, batch_size: 1, color: 0, ...inputs } },
});
const save = (images: unknown) => ({
  "2": { class_type: "SaveImage", inputs: { images, filename_prefix: "exp/img" } },
});
const size = ["INT", { default: 512, min: 1, max: 16384, step: 1 }];

interface Refusal {
  error: { type: string; message: string; details: string; extra_info: object };
  node_errors: Record<string, { errors: { type: string; details: string; extra_info: Record<string, unknown> }[] }>;
}
const refusal = async (prompt: object): Promise<Refusal> => {
  const [status, body] = await comfy.post("/prompt", { prompt });
  expect(status).toBe(400);
  return body as Refusal;
};

// Everything here was observed on ComfyUI 0.33.
describe("a prompt that is refused as a whole", () => {
  it.each<[string, object, object]>([
    [
      "of an unknown class, by its title",
      { "1": { class_type: "NoSuchNode", inputs: {}, _meta: { title: "My title" } }, ...save(["1", 0]) },
      {
        type: "missing_node_type",
        message: "Node 'My title' not found. The custom node may not be installed.",
        details: "Node ID '#1'",
        extra_info: { node_id: "1", class_type: "NoSuchNode", node_title: "My title" },
      },
    ],
    [
      "without a class",
      { "1": { inputs: {} } },
      {
        type: "missing_node_type",
        message: "Node 'ID #1' has no class_type. The workflow may be corrupted or a custom node is missing.",
        details: "Node ID '#1'",
        extra_info: { node_id: "1", class_type: null, node_title: null },
      },
    ],
    [
      "with no output node",
      image({}),
      { type: "prompt_no_outputs", message: "Prompt has no outputs", details: "", extra_info: {} },
    ],
    ["with no node", {}, { type: "prompt_no_outputs", message: "Prompt has no outputs", details: "", extra_info: {} }],
  ])("%s", async (_, prompt, error) => {
    expect(await refusal(prompt)).toEqual({ error, node_errors: {} });
  });

  it("when there is no prompt at all", async () => {
    expect(await comfy.post("/prompt", {})).toEqual([
      400,
      {
        error: {
          type: "no_prompt",
          message: "No prompt provided",
          details: "No prompt provided",
          extra_info: {},
        },
        node_errors: {},
      },
    ]);
  });
});

describe("an input that is refused", () => {
  const literal = (type: string, message: string, details: string, received_value: unknown, others: object = {}) => ({
    type,
    message,
    details,
    extra_info: { input_name: "width", input_config: size, received_value, ...others },
  });
  const noInt = "invalid literal for int() with base 10: 'wide'";

  it.each<[string, object, object]>([
    [
      "missing",
      { width: undefined },
      {
        type: "required_input_missing",
        message: "Required input is missing",
        details: "width",
        extra_info: { input_name: "width" },
      },
    ],
    [
      "no number",
      { width: "wide" },
      literal(
        "invalid_input_type",
        "Failed to convert an input value to a INT value",
        `width, wide, ${noInt}`,
        "wide",
        {
          exception_message: noInt,
        },
      ),
    ],
    ["too small", { width: 0 }, literal("value_smaller_than_min", "Value 0 smaller than min of 1", "width", 0)],
    [
      "too big",
      { width: 999_999 },
      literal("value_bigger_than_max", "Value 999999 bigger than max of 16384", "width", 999_999),
    ],
  ])("is named at its node, with the outputs that wait for it: %s", async (_, inputs, problem) => {
    expect(await refusal({ ...image(inputs), ...save(["1", 0]) })).toEqual({
      error: {
        type: "prompt_outputs_failed_validation",
        message: "Prompt outputs failed validation",
        details: "",
        extra_info: {},
      },
      node_errors: { "1": { errors: [problem], dependent_outputs: ["2"], class_type: "EmptyImage" } },
    });
  });

  it("is also in the details on top when it belongs to an output node", async () => {
    const { error, node_errors } = await refusal({ ...image({}), ...save(undefined) });
    expect(error.details).toBe("Required input is missing: images");
    expect(Object.keys(node_errors)).toEqual(["2"]);
  });

  it("is named with the others of its node, and with every output that waits", async () => {
    const { node_errors } = await refusal({
      ...image({ width: "wide", height: -1 }),
      ...save(["1", 0]),
      "3": { class_type: "SaveImage", inputs: { images: ["1", 0] } },
    });
    expect(node_errors["1"]).toMatchObject({ dependent_outputs: ["2", "3"] });
    // In no order: ComfyUI goes through a set.
    expect(node_errors["1"]?.errors.map(({ type }) => type).sort()).toEqual([
      "invalid_input_type",
      "value_smaller_than_min",
    ]);
    expect(node_errors["3"]).toMatchObject({
      dependent_outputs: ["3"],
      errors: [{ type: "required_input_missing", details: "filename_prefix" }],
    });
  });

  it.each(["not-there.png", "../outside.png", "/etc/hostname"])(
    "is refused by LoadImage itself when it is no file of the input folder: %s",
    async (name) => {
      const { node_errors } = await refusal({
        "1": { class_type: "LoadImage", inputs: { image: name } },
        ...save(["1", 0]),
      });
      expect(node_errors["1"]?.errors).toEqual([
        {
          type: "custom_validation_failed",
          message: "Custom validation failed for node",
          details: `image - Invalid image file: ${name}`,
          extra_info: { input_name: "image" },
        },
      ]);
    },
  );
});

describe("a link that is refused", () => {
  it.each<[string, unknown, string, object]>([
    ["to a node that is not there", ["99", 0], "'99'", { exception_type: "KeyError" }],
    ["to an output that is not there", ["1", 7], "tuple index out of range", { exception_type: "IndexError" }],
  ])("is an exception of the validation: %s", async (_, link, details, info) => {
    const { error, node_errors } = await refusal({ ...image({}), ...save(link) });
    expect(error.details).toBe(`Exception when validating node: ${details}`);
    expect(node_errors["2"]?.errors).toEqual([
      {
        type: "exception_during_validation",
        message: "Exception when validating node",
        details,
        extra_info: { ...info, traceback: [expect.any(String) as string] },
      },
    ]);
  });

  it("has to be a pair", async () => {
    const { error, node_errors } = await refusal({ ...image({}), ...save(["1"]) });
    const message = "Bad linked input, must be a length-2 list of [node_id, slot_index]";
    expect(error.details).toBe(`${message}: images`);
    expect(node_errors["2"]?.errors).toMatchObject([
      {
        type: "bad_linked_input",
        message,
        details: "images",
        extra_info: { input_name: "images", received_value: ["1"] },
      },
    ]);
  });

  it("has to lead to the type that the input wants", async () => {
    const { error, node_errors } = await refusal({
      ...image({}),
      "3": { class_type: "LocalSleep", inputs: { image: ["1", 0], seconds: 1, steps: ["1", 0] } },
      ...save(["3", 0]),
    });
    expect(error.details).toBe("");
    expect(node_errors["3"]?.errors).toEqual([
      {
        type: "return_type_mismatch",
        message: "Return type mismatch between linked nodes",
        details: "steps, received_type(IMAGE) mismatch input_type(INT)",
        extra_info: {
          input_name: "steps",
          input_config: ["INT", { default: 4, min: 1, max: 10_000 }],
          received_type: "IMAGE",
          linked_node: ["1", 0],
        },
      },
    ]);
  });

  it("may not lead in a circle, which is said at each node of the circle", async () => {
    const around = (from: string) => ({ class_type: "LocalRaise", inputs: { image: [from, 0], message: "" } });
    const { error, node_errors } = await refusal({ "1": around("2"), "2": around("1"), "3": save(["2", 0])["2"] });
    const found = (node_id: string) => ({
      errors: [
        {
          type: "dependency_cycle",
          message: "Dependency cycle detected",
          details: "2 (LocalRaise) -> 1 (LocalRaise) -> 2 (LocalRaise)",
          extra_info: { node_id, cycle_nodes: ["2", "1"] },
        },
      ],
      dependent_outputs: ["3"],
      class_type: "LocalRaise",
    });
    expect(error.details).toBe("");
    expect(node_errors).toEqual({ "1": found("1"), "2": found("2") });
  });
});

describe("a file name that leads out of the output folder", () => {
  it.each(["../../outside/x", "/elsewhere/outside"])(
    "passes validation and fails when it is run: %s",
    async (prefix) => {
      const { status, outputs } = await comfy.run(picture(1, prefix));
      expect([status.status_str, outputs]).toEqual(["error", {}]);
      expect(status.messages.at(-1)).toMatchObject([
        "execution_error",
        {
          node_id: "2",
          exception_type: "Exception",
          exception_message: expect.stringMatching(
            /^\*\*\*\* ERROR: Saving image outside the output folder is not allowed\.\n full_output_folder: /,
          ) as string,
        },
      ]);
    },
  );
});
