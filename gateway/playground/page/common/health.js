/** Whether the endpoint takes runs, and how far its boot is. The question needs no key, and does not count as use. */

/** @import { Health, ModelProgress } from "../../../../contract/api.ts" */

import { byId, make, sizeText } from "./dom.js";

/** @type {Record<Health["phase"], string>} */
const phaseTexts = {
  contract: "Reading the workflow",
  models: "Fetching models",
  nodes: "Installing nodes",
  comfyui: "Starting ComfyUI",
  preflight: "Checking the workflow's nodes",
  warm_up: "Warming up",
  ready: "Ready",
};

/**
 * Asks again and again, sooner while it boots.
 * @param {(health: Health) => void} changed called when the phase is another one
 */
export function watchHealth(changed) {
  let last = "";
  const ask = async () => {
    const health = document.hidden && last !== "" ? undefined : await read();
    if (health !== undefined) {
      show(health);
      const now = `${health.status} ${health.phase}`;
      if (now !== last) changed(health);
      last = now;
    }
    setTimeout(() => void ask(), health?.status === "ok" || health === undefined ? 10_000 : 1000);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void read().then(show);
  });
  void ask();
}

/** @returns {Promise<Health>} */
async function read() {
  try {
    return await (await fetch("healthz", { cache: "no-store" })).json();
  } catch {
    return {
      status: "failed",
      phase: "contract",
      reason: "The endpoint does not answer.",
      remedy: "Its pod may have stopped.",
    };
  }
}

/** @param {Health} health */
function show({ status, phase, detail, progress, models = [], stage, reason, remedy }) {
  const pill = byId("health", HTMLElement);
  pill.className = `pill ${status}`;
  pill.textContent = status === "ok" ? "ready" : status;
  const card = byId("boot", HTMLElement);
  card.hidden = status === "ok";
  card.dataset["status"] = status;
  if (status === "ok") return;
  const title =
    status === "starting" ? phaseTexts[phase] : status === "draining" ? "Takes no more runs" : "Not available";
  const bar = make("progress", { max: 1, hidden: status !== "starting" });
  if (progress !== undefined) bar.value = progress;
  card.replaceChildren(
    make("h2", {}, title, make("small", {}, detail)),
    bar,
    ...models.filter(({ state }) => state !== "ready").map(modelElement),
    ...(reason === undefined
      ? []
      : [make("p", { className: "wrong" }, stage === undefined ? reason : `${stage}: ${reason}`)]),
    ...(remedy === undefined ? [] : [make("p", {}, remedy)]),
  );
}

/** @param {ModelProgress} model */
function modelElement({ name, state, bytes, size, bytes_per_second, eta_seconds }) {
  const bar = make("progress", { max: 1 });
  if (size !== null && size > 0) bar.value = bytes / size;
  const facts = [
    state === "downloading" ? "" : state,
    size === null ? sizeText(bytes) : `${sizeText(bytes)} of ${sizeText(size)}`,
    bytes_per_second === null ? "" : `${sizeText(bytes_per_second)}/s`,
    eta_seconds === null ? "" : `${eta_seconds} s left`,
  ];
  return make(
    "div",
    { className: "model" },
    make("code", {}, name),
    bar,
    make("small", {}, facts.filter((fact) => fact !== "").join(" · ")),
  );
}
