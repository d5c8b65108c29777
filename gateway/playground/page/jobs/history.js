/** Jobs of this endpoint, newest first. Nothing here asks by itself: an open page does not keep a pod from its rest. */

/** @import { Api } from "../common/api.js" */
/** @import { JobSummary } from "../../../../contract/api.ts" */

import { byId, durationText, make } from "../common/dom.js";

const pageSize = 12;
const ended = ["completed", "failed", "canceled"];

/** @param {Api} api */
export function createHistory(api) {
  const list = byId("jobs", HTMLElement);
  const more = byId("more", HTMLButtonElement);
  const trouble = byId("history-trouble", HTMLElement);
  let current = "";
  let cursor = "";

  const mark = () => {
    for (const link of list.querySelectorAll("a")) {
      if (link.hash === `#${current}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  /** @param {string} after cursor of the page before; empty for the newest */
  const load = async (after) => {
    try {
      const page = await api.json(`jobs?limit=${pageSize}${after === "" ? "" : `&cursor=${after}`}`);
      const items = page.items.map(item);
      if (after === "") list.replaceChildren(...items);
      else list.append(...items);
      cursor = page.next_cursor ?? "";
      more.hidden = cursor === "";
      trouble.textContent = items.length === 0 && after === "" ? "No job yet." : "";
      mark();
    } catch (error) {
      trouble.textContent = error instanceof Error ? error.message : "";
    }
  };
  more.onclick = () => void load(cursor);
  byId("refresh", HTMLButtonElement).onclick = () => void load("");

  return {
    /** The job that is followed has another state. @param {string} id @param {JobSummary["state"]} state */
    changed: (id, state) => {
      const pill = [...list.querySelectorAll("a")].find(({ hash }) => hash === `#${id}`)?.querySelector(".pill");
      // Only the endpoint knows how long it took.
      if (pill === undefined || pill === null || ended.includes(state)) void load("");
      else [pill.className, pill.textContent] = [`pill ${state}`, state];
    },
    refresh: () => void load(""),
    /** Marks the job that is shown. @param {string} id */
    select: (id) => {
      current = id;
      mark();
    },
  };
}

/** @param {JobSummary} job */
function item({ job_id, state, created_at, timings }) {
  const created = new Date(created_at);
  const isToday = created.toDateString() === new Date().toDateString();
  const when = isToday ? created.toLocaleTimeString() : created.toLocaleString();
  return make(
    "li",
    {},
    make(
      "a",
      { href: `#${encodeURIComponent(job_id)}` },
      make("span", { className: `pill ${state}` }, state),
      make("time", { dateTime: created_at, title: created.toLocaleString() }, when),
      make("small", {}, timings.run_ms === null || !ended.includes(state) ? "" : durationText(timings.run_ms)),
      make("code", {}, job_id.slice(0, 8)),
    ),
  );
}
