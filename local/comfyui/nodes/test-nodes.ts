import { setTimeout as sleep } from "node:timers/promises";
import { type NodeClass, NodeError } from "./node.ts";
import { pictures } from "./picture.ts";

/** Nodes that no ComfyUI has: work that takes time, work that fails, and work that takes ComfyUI down. */

export const localSleep: NodeClass = {
  name: "LocalSleep",
  displayName: "Local Sleep",
  description: "Takes its time as a sampler does: reports progress, shows previews, can be interrupted.",
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
  run: async ({ image, seconds, steps }, { progress, interrupted, showsPreviews }) => {
    const count = Number(steps);
    const [preview] = showsPreviews ? pictures(image) : [];
    // "nan" passes validation.
    const stepMs = (Number(seconds) * 1000) / count || 0;
    for (let step = 1; step <= count; step++) {
      await sleep(stepMs, undefined, { signal: interrupted });
      progress(step, count, preview);
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

// Another nonce is another prompt: nothing comes from the cache.
const nonce = { required: { nonce: ["INT", { default: 0 }] } } as const;

export const localDie: NodeClass = {
  name: "LocalDie",
  displayName: "Local Die",
  description: "Ends the whole process.",
  category: "local",
  inputs: nonce,
  outputs: [],
  outputNode: true,
  run: (_, { die }) => {
    die();
    return {};
  },
};

export const localBytes: NodeClass = {
  name: "LocalBytes",
  displayName: "Local Bytes",
  description: "Shows what JSON cannot carry, as a node does that shows bytes or a tensor.",
  category: "local",
  inputs: nonce,
  outputs: [],
  outputNode: true,
  run: () => ({ ui: { bytes: [1n] } }),
};
