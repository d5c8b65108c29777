/** The job that is looked at: how far it is, and what came of it. */

/** @import { Job, JobProgress } from "../../../../contract/api.ts" */
/** @import { ContractOutput } from "../../../../contract/workflow-contract.ts" */
/** @import { Api } from "../common/api.js" */

import { byId, durationText, make } from "../common/dom.js";
import { follow } from "./events.js";
import { resultElements } from "./result.js";

/**
 * @param {Api} api
 * @param {readonly ContractOutput[]} outputs
 * @param {(id: string, state: Job["state"]) => void} changed called when the job has another state
 */
export function createJobPanel(api, outputs, changed) {
  const panel = byId("job", HTMLElement);
  const state = byId("state", HTMLElement);
  const clock = byId("clock", HTMLElement);
  const bar = byId("bar", HTMLProgressElement);
  const step = byId("step", HTMLElement);
  const trouble = byId("job-trouble", HTMLElement);
  const result = byId("result", HTMLElement);
  const cancel = byId("cancel", HTMLButtonElement);
  let looking = new AbortController();
  let shown = "";

  const clear = () => {
    looking.abort();
    looking = new AbortController();
    shown = "";
    panel.dataset["state"] = "";
    state.hidden = bar.hidden = cancel.hidden = true;
    clock.textContent = trouble.textContent = "";
    step.textContent = "What a run makes appears here.";
    result.replaceChildren();
  };
  /** @param {Job["state"]} next */
  const showState = (next) => {
    const isGoing = next === "queued" || next === "running";
    panel.dataset["state"] = next;
    state.hidden = false;
    state.className = `pill ${next}`;
    state.textContent = next;
    bar.hidden = cancel.hidden = !isGoing;
    if (next === "queued") bar.removeAttribute("value");
  };
  /** @param {JobProgress | null} progress */
  const showProgress = (progress) => {
    if (progress === null) return;
    bar.value = progress.value;
    step.textContent = stepText(progress);
  };
  /** @param {Job} job */
  const showJob = (job) => {
    showState(job.state);
    if (job.state === "queued") {
      step.textContent =
        job.queue_position === null || job.queue_position <= 1
          ? "Next in the queue"
          : `Place ${job.queue_position} in the queue`;
    } else if (job.state === "running") showProgress(job.progress);
    else showEnd(job);
  };
  /** @param {Job} job */
  const showEnd = (job) => {
    clock.textContent = summary(job);
    step.textContent = "";
    trouble.textContent = job.error ?? "";
    cancel.disabled = false;
    result.replaceChildren(
      ...(job.output === null ? [] : resultElements(outputs, job.output.result, api, looking.signal)),
    );
  };

  /** @param {string} id @param {AbortSignal} signal */
  const look = async (id, signal) => {
    /** @type {Job} */
    let job = await api.json(`jobs/${encodeURIComponent(id)}`, { signal });
    showJob(job);
    if (job.finished_at !== null) return;
    // By the endpoint's clock, which may differ from this one.
    const since = performance.now() - job.timings.queued_ms - (job.timings.run_ms ?? 0);
    const ticking = setInterval(() => {
      clock.textContent = durationText(performance.now() - since);
    }, 100);
    // Events tell of states, not of places in the queue.
    const asking = setInterval(() => {
      if (panel.dataset["state"] !== "queued" || document.hidden) return;
      api.json(`jobs/${encodeURIComponent(id)}`, { signal }).then(showJob, () => undefined);
    }, 2000);
    signal.addEventListener("abort", () => [ticking, asking].forEach(clearInterval));
    try {
      job = await follow(
        api,
        id,
        {
          state: (event) => {
            showState(event.state);
            changed(id, event.state);
            if (event.state === "running") step.textContent = "Starting";
          },
          progress: showProgress,
          preview: ({ media_type, data }) => {
            const src = `data:${media_type};base64,${data}`;
            result.replaceChildren(make("img", { className: "so-far", alt: "How it looks so far", src }));
          },
          connected: (isConnected) => {
            trouble.textContent = isConnected ? "" : "The connection is lost; trying again …";
          },
        },
        signal,
      );
    } finally {
      [ticking, asking].forEach(clearInterval);
    }
    showJob(job);
  };

  cancel.addEventListener("click", () => {
    cancel.disabled = true;
    step.textContent = "Canceling …";
    api.ask(`jobs/${encodeURIComponent(shown)}/cancel`, { method: "POST" }).catch((error) => {
      cancel.disabled = false;
      trouble.textContent = error.message;
    });
  });

  return {
    clear,
    /** Shows a job, and follows it to its end. @param {string} id */
    show: (id) => {
      if (id === shown) return;
      clear();
      shown = id;
      step.textContent = "Loading …";
      cancel.disabled = false;
      const { signal } = looking;
      look(id, signal).catch((error) => {
        if (signal.aborted) return;
        step.textContent = "";
        trouble.textContent = error.message;
      });
    },
  };
}

/** @param {JobProgress} progress */
function stepText({ node_class, node_value, node_max }) {
  if (node_class === null) return "Starting";
  return node_max !== null && node_max > 1 ? `${node_class}, step ${node_value ?? 0} of ${node_max}` : node_class;
}

/** @param {Job} job */
function summary({ timings, cost_usd }) {
  const run = timings.run_ms === null ? "" : `ran ${durationText(timings.run_ms)}`;
  const wait = timings.queued_ms < 1000 ? "" : `waited ${durationText(timings.queued_ms)}`;
  return [wait, run, cost_usd === null ? "" : `${cost_usd.toFixed(5)} USD`].filter((part) => part !== "").join(" · ");
}
