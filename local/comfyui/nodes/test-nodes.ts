import { setTimeout as sleep } from "node:timers/promises";
import { type NodeClass, NodeError } from "./node.ts";

/** Nodes that no ComfyUI has: work that takes time, and work that fails. */

export const localSleep: NodeClass = {
  name: "LocalSleep",
  displayName: "Local Sleep",
  description: "Takes its time, reports progress, can be interrupted.",
  category: "local",
  inputs: {
    required: {
      image: ["IMAGE"],
      seconds: ["FLOAT", { default: 1, min: 0, max: 3600 }],
      steps: ["INT", { default: 4, min: 1, max: 10_000 }],
    },
  },
  outputs: ["IMAGE"],
  outputNode: false,
  run: async ({ image, seconds, steps }, { progress, interrupted }) => {
    const count = Number(steps);
    // "nan" passes validation.
    const stepMs = (Number(seconds) * 1000) / count || 0;
    for (let step = 1; step <= count; step++) {
      await sleep(stepMs, undefined, { signal: interrupted });
      progress(step, count);
    }
    return { outputs: [image] };
  },
};

export const localRaise: NodeClass = {
  name: "LocalRaise",
  displayName: "Local Raise",
  description: "Fails with a message.",
  category: "local",
  inputs: { required: { image: ["IMAGE"], message: ["STRING", { default: "failed on purpose" }] } },
  outputs: ["IMAGE"],
  outputNode: false,
  run: ({ message }) => {
    throw new NodeError("RuntimeError", String(message));
  },
};
