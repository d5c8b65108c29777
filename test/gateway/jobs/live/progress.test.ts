import { describe, expect, it } from "vitest";
import { type ComfyEvent, textEvent } from "../../../../gateway/comfy/frames.ts";
import { advance, beginning, progressBody } from "../../../../gateway/jobs/live/progress.ts";

const prompt = {
  "1": { class_type: "EmptyImage", inputs: {} },
  "2": { class_type: "ExpSleep", inputs: {} },
  "3": { class_type: "SaveImage", inputs: {} },
};

type Line = [type: string, data: Record<string, unknown>];
const executing = (node: string): Line => ["executing", { node, display_node: node }];
const nodes = (...states: [id: string, value: number, max: number, state: string][]): Line => [
  "progress_state",
  { nodes: Object.fromEntries(states.map(([id, value, max, state]) => [id, { value, max, state }])) },
];

/** What is shown after each of the messages. */
function shown(lines: Line[]) {
  let progress = beginning(prompt);
  return lines.map(([type, data]) => {
    const event = textEvent(JSON.stringify({ type, data: { prompt_id: "p", ...data } })) as ComfyEvent;
    progress = advance(progress, event);
    const { value, node, node_value, node_max } = progressBody(progress);
    return [value, node, node_value, node_max];
  });
}

describe("progress", () => {
  it("goes by finished nodes and the steps of the present one, in the order of a real run", () => {
    expect(
      shown([
        ["execution_start", {}],
        ["execution_cached", { nodes: [] }],
        nodes(["1", 0, 1, "running"]),
        executing("1"),
        nodes(["1", 1, 1, "finished"]),
        nodes(["1", 1, 1, "finished"], ["2", 0, 1, "running"]),
        executing("2"),
        nodes(["1", 1, 1, "finished"], ["2", 1, 4, "running"]),
        ["progress", { value: 1, max: 4, node: "2" }],
        nodes(["1", 1, 1, "finished"], ["2", 4, 4, "running"]),
        nodes(["1", 1, 1, "finished"], ["2", 4, 4, "finished"]),
        nodes(["1", 1, 1, "finished"], ["2", 4, 4, "finished"], ["3", 0, 1, "running"]),
        executing("3"),
        ["executed", { node: "3", display_node: "3", output: {} }],
      ]),
    ).toEqual([
      [0, null, null, null],
      [0, null, null, null],
      [0, "1", 0, 1],
      [0, "1", 0, 1],
      [0.3333, "1", 0, 1],
      [0.3333, "2", 0, 1],
      [0.3333, "2", 0, 1],
      [0.4167, "2", 1, 4],
      [0.4167, "2", 1, 4],
      [0.6667, "2", 4, 4],
      [0.6667, "2", 4, 4],
      [0.6667, "3", 0, 1],
      [0.6667, "3", 0, 1],
      [1, "3", 0, 1],
    ]);
  });

  it("counts only what has to run: of two nodes whose outputs are known, nothing is left to do", () => {
    expect(
      shown([
        ["execution_cached", { nodes: ["1", "2"] }],
        executing("3"),
        ["progress", { node: "3", value: 1, max: 2 }],
      ]),
    ).toEqual([
      [0, null, null, null],
      [0, "3", 0, 1],
      [0.5, "3", 1, 2],
    ]);
  });

  it("stays where it is when everything was known before", () => {
    expect(
      shown([
        ["execution_cached", { nodes: ["1", "2", "3"] }],
        ["executed", { node: "3", output: {} }],
        nodes(["3", 1, 1, "finished"]),
      ]).map(([value]) => value),
    ).toEqual([0, 0, 0]);
  });

  it("takes a node for finished when the next one begins, from a ComfyUI that tells no more", () => {
    expect(shown([executing("1"), executing("2"), executing("3")]).map(([value]) => value)).toEqual([
      0, 0.3333, 0.6667,
    ]);
  });

  it("finds its place again after a connection was lost", () => {
    expect(shown([["executing", { node: "2" }], nodes(["1", 1, 1, "finished"], ["2", 3, 8, "running"])])).toEqual([
      [0, "2", 0, 1],
      [0.4583, "2", 3, 8],
    ]);
  });

  it("never goes back, also when a node runs several times", () => {
    expect(
      shown([
        ["progress", { node: "2", value: 4, max: 4 }],
        ["progress", { node: "2", value: 0, max: 4 }],
        ["progress", { node: "2", value: 2, max: 4 }],
      ]),
    ).toEqual([
      [0.3333, "2", 4, 4],
      [0.3333, "2", 0, 4],
      [0.3333, "2", 2, 4],
    ]);
  });

  it.each([
    [9, 4],
    [-1, 4],
    [1, 0],
  ])("stays between 0 and 1 with a node that is at %d of %d", (value, max) => {
    const [[share] = []] = shown([["progress", { node: "2", value, max }]]);
    expect(share).toBe(value > max && max > 0 ? 0.3333 : 0);
  });

  it("shows a node that grew at run time without counting it", () => {
    expect(shown([["progress", { node: "2.0.1", value: 1, max: 2 }]])).toEqual([[0, "2.0.1", 1, 2]]);
  });

  it("tells a node's class", () => {
    const progress = advance(beginning(prompt), { kind: "node", promptId: undefined, node: "2" });
    expect(progressBody(progress).node_class).toBe("ExpSleep");
  });

  it("is the same object when nothing new was said", () => {
    const progress = beginning(prompt);
    expect(advance(progress, { kind: "started", promptId: "p" })).toBe(progress);
  });
});
