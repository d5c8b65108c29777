import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patience, picture, type StandIn, slowPicture, startStandIn, trouble } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterAll(() => comfy.close());

const ownId = "be7fd528-8069-4600-aeae-be463d57fe57";
const invalidId = [
  400,
  {
    error: {
      type: "invalid_prompt_id",
      message: "prompt_id must be a valid UUID",
      details:
        "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one",
      extra_info: {},
    },
    node_errors: {},
  },
];

// Everything here was observed on ComfyUI 0.33.
describe("a prompt that is taken", () => {
  it("is answered with an id, its place and no errors, whatever the content type", async () => {
    const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string;
    const [status, body] = await comfy.post("/prompt", { prompt: picture(1) });
    expect([status, body]).toEqual([200, { prompt_id: uuid, number: 0, node_errors: {} }]);
    const response = await fetch(`${comfy.url}/api/prompt`, {
      method: "POST",
      headers: { "content-type": "text/nonsense" },
      body: JSON.stringify({ prompt: picture(1) }),
    });
    expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect([response.status, await response.json()]).toEqual([200, { prompt_id: uuid, number: 1, node_errors: {} }]);
  });

  it("stands in history with what came with it, but for the secrets", async () => {
    const prompt = picture(2, "exp/extra");
    const extra = { extra_pnginfo: { workflow: { id: "wf-1" } }, my_key: { a: 1 } };
    const entry = await comfy.run(prompt, {
      prompt_id: ownId,
      client_id: "caller",
      extra_data: { ...extra, auth_token_comfy_org: "secret", api_key_comfy_org: "secret" },
    });
    const moment = expect.any(Number) as number;
    expect(entry).toEqual({
      prompt: [2, ownId, prompt, { ...extra, client_id: "caller", create_time: moment }, ["2"]],
      outputs: { "2": { images: [{ filename: "extra_00001_.png", subfolder: "exp", type: "output" }] } },
      status: {
        status_str: "success",
        completed: true,
        messages: [
          ["execution_start", { prompt_id: ownId, timestamp: moment }],
          ["execution_cached", { nodes: [], prompt_id: ownId, timestamp: moment }],
          ["execution_success", { prompt_id: ownId, timestamp: moment }],
        ],
      },
      meta: { "2": { node_id: "2", display_node: "2", parent_node: null, real_node_id: "2" } },
    });
  });

  it("may have the id of an earlier one, whose place in history it then takes", async () => {
    await comfy.run(picture(3), { prompt_id: ownId });
    await comfy.queue(picture(4, "exp/again"), { prompt_id: ownId });
    await expect
      .poll(async () => (await comfy.ended(ownId)).outputs, patience)
      .toEqual({ "2": { images: [{ filename: "again_00001_.png", subfolder: "exp", type: "output" }] } });
  });

  it.each(["abc", "", ownId.toUpperCase(), ownId.replaceAll("-", ""), 5])(
    "may not have the id %j: only a canonical lowercase UUID",
    async (prompt_id) => {
      expect(await comfy.post("/prompt", { prompt: picture(1), prompt_id })).toEqual(invalidId);
    },
  );

  it("gets an id when it names null", async () => {
    expect(await comfy.queue(picture(1), { prompt_id: null })).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has texts converted to numbers ("64" for an INT) and unknown inputs ignored', async () => {
    const prompt = picture(5);
    const { "1": image } = prompt;
    const entry = await comfy.run({ ...prompt, "1": { ...image, inputs: { ...image.inputs, width: "64", other: 5 } } });
    expect(entry.status.status_str).toBe("success");
    expect(entry.prompt[2]).toMatchObject({ "1": { inputs: { width: 64, other: 5 } } });
  });

  it("runs only the output nodes that it targets", async () => {
    const both = {
      ...picture(6),
      "3": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "exp/x" } },
    };
    const entry = await comfy.run(both, { partial_execution_targets: ["3"] });
    expect(entry.prompt[4]).toEqual(["3"]);
    expect(Object.keys(entry.outputs)).toEqual(["3"]);
  });

  it("runs without its bad outputs when another one is good, and names them", async () => {
    const prompt = { ...picture(7, "exp/good"), "3": { class_type: "SaveImage", inputs: { filename_prefix: "x" } } };
    const [status, body] = await comfy.post("/prompt", { prompt });
    const { prompt_id, node_errors } = body as { prompt_id: string; node_errors: object };
    expect(status).toBe(200);
    expect(node_errors).toEqual({
      "3": {
        errors: [
          {
            type: "required_input_missing",
            message: "Required input is missing",
            details: "images",
            extra_info: { input_name: "images" },
          },
        ],
        dependent_outputs: ["3"],
        class_type: "SaveImage",
      },
    });
    const entry = await comfy.ended(prompt_id);
    expect(entry.prompt[4]).toEqual(["2"]);
    expect([entry.status.status_str, Object.keys(entry.outputs)]).toEqual(["success", ["2"]]);
  });

  it("saves a batch under numbers that go on", async () => {
    const prompt = picture(8, "exp/b/batch");
    const { "1": image } = prompt;
    const entry = await comfy.run({ ...prompt, "1": { ...image, inputs: { ...image.inputs, batch_size: 3 } } });
    expect(entry.outputs["2"]?.["images"]).toEqual(
      ["batch_00001_.png", "batch_00002_.png", "batch_00003_.png"].map((filename) => ({
        filename,
        subfolder: "exp/b",
        type: "output",
      })),
    );
  });
});

describe("the queue", () => {
  it("runs lower numbers first; front counts down from the place the prompt would have", async () => {
    const running = await comfy.queue(slowPicture(30));
    const [, last] = await comfy.post("/prompt", { prompt: picture(1), number: 5000 });
    const [, first] = await comfy.post("/prompt", { prompt: picture(1), front: true });
    const { number } = first as { number: number };
    expect(number).toBeLessThan(-10);
    expect(last).toMatchObject({ number: 5000 });
    const [, queue] = await comfy.get("/queue");
    const pending = (queue as { queue_pending: [number][] }).queue_pending;
    expect(pending.map(([place]) => place)).toEqual([number, 5000]);
    await comfy.post("/interrupt", { prompt_id: running });
    await comfy.ended((last as { prompt_id: string }).prompt_id);
    const [, history] = await comfy.get("/history");
    expect(Object.keys(history as object).slice(-3)).toEqual(
      [{ prompt_id: running }, first, last].map((one) => (one as { prompt_id: string }).prompt_id),
    );
  });
});

describe("a body that is no prompt", () => {
  it.each<[string, unknown]>([
    ["null", { prompt: null }],
    ["a list", { prompt: [] }],
    ["text", { prompt: "x" }],
    ["a workflow in the format of the web page", { prompt: { nodes: [], links: [], version: 0.4 } }],
    ["no JSON", "{oops"],
    ["empty", undefined],
  ])("ends as 500 in plain text: %s", async (_, body) => {
    expect(await comfy.post("/prompt", body)).toEqual(trouble);
  });
});
