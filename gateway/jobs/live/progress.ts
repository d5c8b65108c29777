import type { JobProgress } from "../../../contract/api.ts";
import type { Prompt } from "../../../contract/workflow.ts";
import type { ComfyEvent, NodeSteps } from "../../comfy/frames.ts";

/** How far a prompt is, as far as ComfyUI told. */
export interface PromptProgress {
  prompt: Prompt;
  /** Ids of the nodes that have to run. */
  toRun: ReadonlySet<string>;
  finished: ReadonlySet<string>;
  current: { node: string; steps: NodeSteps } | undefined;
  /** Share that is done, 0 to 1; never less than before. */
  value: number;
}

export const beginning = (prompt: Prompt): PromptProgress => ({
  prompt,
  toRun: new Set(Object.keys(prompt)),
  finished: new Set(),
  current: undefined,
  value: 0,
});

/** What is known after another event; the same object when it says nothing new. */
export function advance(progress: PromptProgress, event: ComfyEvent): PromptProgress {
  const { toRun, finished, current } = progress;
  switch (event.kind) {
    case "cached":
      return withValue({ ...progress, toRun: new Set([...toRun].filter((id) => !event.nodes.includes(id))) });
    case "node": {
      if (event.node === current?.node) return progress;
      // Nodes run one after another: that another one begins is all that is said of the end of most.
      const done = current === undefined ? finished : new Set([...finished, current.node]);
      return withValue({ ...progress, finished: done, current: { node: event.node, steps: notBegun } });
    }
    case "steps":
      return withValue({ ...progress, current: { node: event.node, steps: event.steps } });
    case "nodes": {
      const done = event.nodes.filter(({ isFinished }) => isFinished).map(({ node }) => node);
      const running = event.nodes.find(({ isRunning }) => isRunning);
      return withValue({
        ...progress,
        finished: new Set([...finished, ...done]),
        current: running === undefined ? current : { node: running.node, steps: running.steps },
      });
    }
    case "executed":
      return withValue({ ...progress, finished: new Set([...finished, event.node]) });
    default:
      return progress;
  }
}

const notBegun: NodeSteps = { value: 0, max: 1 };

function withValue(progress: PromptProgress): PromptProgress {
  const { toRun, finished, current, value } = progress;
  if (toRun.size === 0) return progress;
  const isUnderWay = current !== undefined && toRun.has(current.node) && !finished.has(current.node);
  const done = [...finished].filter((id) => toRun.has(id)).length + (isUnderWay ? fraction(current.steps) : 0);
  return { ...progress, value: Math.max(value, done / toRun.size) };
}

const fraction = ({ value, max }: NodeSteps): number => (max > 0 ? Math.min(1, Math.max(0, value / max)) : 0);

/** Progress as the API shows it. */
export function progressBody({ prompt, current, value }: PromptProgress): JobProgress {
  return {
    // No more digits than anybody can use.
    value: Math.round(value * 10_000) / 10_000,
    node: current?.node ?? null,
    node_class: (current && prompt[current.node]?.class_type) ?? null,
    node_value: current?.steps.value ?? null,
    node_max: current?.steps.max ?? null,
  };
}
