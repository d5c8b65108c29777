import { showClock } from "../live.ts";
import type { Output } from "../output.ts";
import type { JobNews, JobView } from "./news.ts";

/** Shows how far a job is: in one line that lives on a terminal, in a line for each change elsewhere. */
export function showJob(output: Output): { news: JobNews; end: () => void } {
  return output.live ? showLive(output) : { news: plainNews(output), end: () => undefined };
}

function showLive(output: Output) {
  let text = "sent";
  const { draw, end } = showClock(output, () => text);
  const news: JobNews = {
    onChange: (view) => {
      text = jobText(view);
      draw();
    },
    onTrouble: (reason) => output.note(`${reason}; trying again`),
  };
  return { news, end };
}

/** A tenth at a time: a sampler tells of every step. */
function plainNews(output: Output): JobNews {
  let last = "";
  return {
    onChange: (view) => {
      const text = jobText(roughly(view));
      if (text !== last) output.note(text);
      last = text;
    },
    onTrouble: (reason) => output.note(`${reason}; trying again`),
  };
}

function roughly(view: JobView): JobView {
  const { progress } = view;
  if (progress === undefined) return view;
  const value = Math.floor(progress.value * 10) / 10;
  return { ...view, progress: { ...progress, value, node_value: null, node_max: null } };
}

/** How far a job is, in words. */
export function jobText({ state, queuePosition, progress }: JobView): string {
  if (state === "queued" && queuePosition !== undefined) return `queued, number ${queuePosition} in line`;
  if (state !== "running" || progress === undefined) return state;
  const { value, node_class: node, node_value: step, node_max: steps } = progress;
  const ofNode = step === null || steps === null || steps <= 1 ? "" : ` ${step}/${steps}`;
  return [state, `${Math.round(value * 100)} %`, ...(node === null ? [] : [node + ofNode])].join("  ");
}
