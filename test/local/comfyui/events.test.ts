import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { patience, picture, type StandIn, slowPicture, startStandIn } from "./stand-in.ts";

let comfy: StandIn;
beforeAll(async () => {
  comfy = await startStandIn();
});
afterAll(() => comfy.close());

const remaining = (count: number) => ({ status: { exec_info: { queue_remaining: count } } });
const file = (filename: string) => ({ images: [{ filename, subfolder: "exp", type: "output" }] });
const moment = expect.any(Number) as number;

/** Progress of nodes of a prompt, all at 0 or 1 of 1. */
const progressOf = (prompt_id: string, states: Record<string, "running" | "finished">) => ({
  type: "progress_state",
  data: {
    prompt_id,
    nodes: Object.fromEntries(
      Object.entries(states).map(([node_id, state]) => [
        node_id,
        {
          value: state === "finished" ? 1 : 0,
          max: 1,
          state,
          node_id,
          prompt_id,
          display_node_id: node_id,
          parent_node_id: null,
          real_node_id: node_id,
        },
      ]),
    ),
  },
});

// Order and contents were observed on ComfyUI 0.33.
describe("the events of a prompt", () => {
  it("come to its client in this order, the end after history is written", async () => {
    const client = await comfy.connect("order");
    const prompt_id = await comfy.queue(picture(1, "exp/order"), { client_id: "order" });
    await client.end(prompt_id);
    const [, history] = await comfy.get(`/history/${prompt_id}`);
    expect(Object.keys(history as object)).toEqual([prompt_id]);
    expect(client.messages).toEqual([
      { type: "status", data: { ...remaining(0), sid: "order" } },
      { type: "status", data: remaining(1) },
      { type: "status", data: remaining(1) },
      { type: "execution_start", data: { prompt_id, timestamp: moment } },
      { type: "execution_cached", data: { nodes: [], prompt_id, timestamp: moment } },
      progressOf(prompt_id, { "1": "running" }),
      { type: "executing", data: { node: "1", display_node: "1", prompt_id } },
      progressOf(prompt_id, { "1": "finished" }),
      progressOf(prompt_id, { "1": "finished", "2": "running" }),
      { type: "executing", data: { node: "2", display_node: "2", prompt_id } },
      { type: "executed", data: { node: "2", display_node: "2", output: file("order_00001_.png"), prompt_id } },
      progressOf(prompt_id, { "1": "finished", "2": "finished" }),
      { type: "execution_success", data: { prompt_id, timestamp: moment } },
      { type: "status", data: remaining(0) },
      { type: "executing", data: { node: null, prompt_id } },
    ]);
  });

  it("are fewer when everything is cached: no node is executing, output nodes show what they showed", async () => {
    await comfy.run(picture(2, "exp/cached"));
    const client = await comfy.connect("cached");
    const prompt_id = await comfy.queue(picture(2, "exp/cached"), { client_id: "cached" });
    await client.end(prompt_id);
    expect(client.messages.slice(3)).toEqual([
      { type: "execution_start", data: { prompt_id, timestamp: moment } },
      { type: "execution_cached", data: { nodes: ["1", "2"], prompt_id, timestamp: moment } },
      { type: "executed", data: { node: "2", display_node: "2", output: file("cached_00001_.png"), prompt_id } },
      progressOf(prompt_id, { "2": "finished" }),
      { type: "execution_success", data: { prompt_id, timestamp: moment } },
      { type: "status", data: remaining(0) },
      { type: "executing", data: { node: null, prompt_id } },
    ]);
  });

  it("tell each step of a node that reports progress", async () => {
    const client = await comfy.connect("steps");
    const prompt_id = await comfy.queue(slowPicture(0.02, 3, 2), { client_id: "steps" });
    await client.end(prompt_id);
    expect(client.messages.filter(({ type }) => type === "progress").map(({ data }) => data)).toEqual([
      { value: 1, max: 2, prompt_id, node: "2" },
      { value: 2, max: 2, prompt_id, node: "2" },
    ]);
    const states = client.messages
      .filter(({ type }) => type === "progress_state")
      .map(({ data }) => (data["nodes"] as Record<string, { value: number; max: number; state: string }>)["2"]);
    expect(states.flatMap((state) => (state ? `${state.state} ${state.value}/${state.max}` : []))).toEqual([
      "running 0/1",
      "running 1/2",
      "running 2/2",
      "finished 2/2",
      "finished 2/2",
      "finished 2/2",
    ]);
  });

  it("end with the error of a node, and what had been saved before stays", async () => {
    const client = await comfy.connect("error");
    const prompt_id = await comfy.queue(
      {
        ...picture(4, "exp/before"),
        "3": { class_type: "LocalRaise", inputs: { image: ["1", 0], message: "late" } },
        "4": { class_type: "SaveImage", inputs: { images: ["3", 0], filename_prefix: "exp/never" } },
      },
      { client_id: "error" },
    );
    await client.end(prompt_id);
    expect(client.types().slice(-4)).toEqual(["executing", "execution_error", "status", "executing"]);
    const error = client.messages.find(({ type }) => type === "execution_error")?.data;
    // `executed` and `current_outputs` are in no order: ComfyUI makes lists of sets.
    expect(error).toEqual({
      prompt_id,
      node_id: "3",
      node_type: "LocalRaise",
      executed: expect.toSatisfy((ids: string[]) => ids.sort().join() === "1,2") as string[],
      exception_message: "late\n",
      exception_type: "RuntimeError",
      traceback: [expect.any(String) as string],
      current_inputs: { image: [expect.stringMatching(/^tensor\(/) as string], message: ["late"] },
      current_outputs: expect.toSatisfy((ids: string[]) => ids.sort().join() === "1,2,3,4") as string[],
      timestamp: moment,
    });
    const entry = await comfy.ended(prompt_id);
    expect(entry.outputs).toEqual({ "2": file("before_00001_.png") });
    expect([entry.status.status_str, entry.status.completed]).toEqual(["error", false]);
    expect(entry.status.messages.map(([event]) => event)).toEqual([
      "execution_start",
      "execution_cached",
      "execution_error",
    ]);
  });

  it("tell every client of an interruption, but only its own client of the end", async () => {
    const [own, other] = [await comfy.connect("own"), await comfy.connect("other")];
    const prompt_id = await comfy.queue(slowPicture(30, 5), { client_id: "own" });
    await own.got("progress_state");
    await expect.poll(() => own.types().filter((type) => type === "executing").length, patience).toBe(2);
    await comfy.post("/interrupt", { prompt_id });
    await own.end(prompt_id);
    const interruption = { prompt_id, node_id: "2", node_type: "LocalSleep", executed: ["1"], timestamp: moment };
    expect(own.messages.slice(-3)).toEqual([
      { type: "execution_interrupted", data: interruption },
      { type: "status", data: remaining(0) },
      { type: "executing", data: { node: null, prompt_id } },
    ]);
    expect(await other.got("execution_interrupted")).toEqual(interruption);
    await expect
      .poll(() => other.types(), patience)
      .toEqual(["status", "status", "status", "execution_interrupted", "status"]);
  });

  it("are for nobody when the prompt names no client, but for its progress, which is for all", async () => {
    const client = await comfy.connect("bystander");
    const prompt_id = await comfy.queue(picture(6));
    await comfy.ended(prompt_id);
    await expect
      .poll(() => client.messages.map(({ type }) => type), patience)
      .toEqual([
        "status",
        "status",
        "status",
        "progress_state",
        "progress_state",
        "progress_state",
        "progress_state",
        "status",
      ]);
    expect(client.messages[3]).toEqual(progressOf(prompt_id, { "1": "running" }));
  });
});
