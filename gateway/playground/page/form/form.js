/** The form of a contract's inputs. */

/** @import { Api } from "../common/api.js" */
/** @import { Field, Problem } from "./fields.js" */

import { make } from "../common/dom.js";
import { seedFor, valuesOf } from "./fields.js";
import { createMediaControl } from "./media.js";

/**
 * @typedef {object} Control
 * @property {HTMLElement} element what is shown below the name
 * @property {() => string} text as `valueOf` takes it
 * @property {() => Promise<void>} [settled] once an upload has ended
 * @property {() => void} [beforeRun]
 */

/**
 * @param {HTMLElement} place
 * @param {readonly Field[]} fields
 * @param {Pick<Api, "upload">} api
 * @param {() => void} changed called when a value is another one
 */
export function createForm(place, fields, api, changed) {
  const rows = fields.map((field) => createRow(field, api, changed));
  place.replaceChildren(...rows.map(({ element }) => element));
  place.oninput = changed;

  const read = () => valuesOf(fields, new Map(rows.map(({ field, control }) => [field.name, control.text()])));
  return {
    read,
    /** The values of a run, when uploads have ended and seeds were drawn. */
    readForRun: async () => {
      await Promise.all(rows.map(({ control }) => control.settled?.()));
      for (const { control } of rows) control.beforeRun?.();
      return read();
    },
    /**
     * Shows each problem beside its field, and goes to the first.
     * @param {readonly Problem[]} problems
     * @returns {Problem[]} those of no field
     */
    show: (problems) => {
      for (const { field, show } of rows) show(problems.filter(({ path }) => path === field.name));
      const first = rows.find(({ field }) => problems.some(({ path }) => path === field.name));
      first?.element.scrollIntoView({ block: "nearest" });
      const control = first?.element.querySelector("input, textarea, select");
      if (control instanceof HTMLElement) control.focus({ preventScroll: true });
      return problems.filter(({ path }) => !fields.some(({ name }) => name === path));
    },
  };
}

/** @param {Field} field @param {Pick<Api, "upload">} api @param {() => void} changed */
function createRow(field, api, changed) {
  const id = `field-${field.name}`;
  const wrong = make("p", { className: "wrong", id: `${id}-wrong`, role: "alert" });
  const control = createControl(field, id, api, changed);
  const label = make("label", { htmlFor: id }, field.name, make("small", {}, field.facts));
  const element = make(
    "div",
    { className: `field ${field.control}`, "data-name": field.name },
    ...(field.control === "switch"
      ? [make("div", { className: "row" }, control.element, label)]
      : [label, control.element]),
    field.description === "" ? undefined : make("p", { className: "hint" }, field.description),
    wrong,
  );
  return {
    ...{ field, control, element },
    /** @param {readonly Problem[]} problems */
    show: (problems) => {
      wrong.textContent = problems.map(({ message }) => message).join("; ");
      element.classList.toggle("has-problem", problems.length > 0);
    },
  };
}

/**
 * @param {Field} field
 * @param {string} id of the element that the name is the label of
 * @param {Pick<Api, "upload">} api
 * @param {() => void} changed
 * @returns {Control}
 */
function createControl(field, id, api, changed) {
  const about = { id, name: field.name, "aria-describedby": `${id}-wrong` };
  switch (field.control) {
    case "media":
      return createMediaControl(field, id, api, changed);
    case "choice": {
      const isOpen = !field.required || field.initial === "";
      const options = field.choices.map((choice, at) => new Option(String(choice), String(at)));
      const select = make("select", about, ...(isOpen ? [new Option("", "")] : []), ...options);
      select.value = field.initial;
      return { element: select, text: () => select.value };
    }
    case "switch": {
      const box = make("input", { ...about, type: "checkbox", checked: field.initial === "true", className: "switch" });
      return { element: box, text: () => String(box.checked) };
    }
    case "number":
      return createNumber(field, about, changed);
    case "json": {
      const area = make("textarea", {
        ...about,
        value: field.initial,
        spellcheck: false,
        className: "code",
        placeholder: field.type === "array" ? "[ … ]" : "{ … }",
      });
      return { element: area, text: () => area.value };
    }
    case "text": {
      const area = make("textarea", { ...about, value: field.initial, className: field.isLong ? "long" : "", rows: 1 });
      return { element: area, text: () => area.value };
    }
  }
}

/** @param {Field} field @param {Record<string, unknown>} about @param {() => void} changed @returns {Control} */
function createNumber({ input, initial, step, hasSlider, isSeed, type }, about, changed) {
  const { min = "", max = "" } = input;
  const bounds = { min: String(min), max: String(max), step };
  const box = make("input", {
    ...about,
    type: "number",
    ...bounds,
    value: initial,
    inputMode: type === "integer" && Number(min) >= 0 ? "numeric" : "text",
  });
  // What is no number is not readable as a text.
  const text = () => (box.validity.badInput ? "?" : box.value);
  if (hasSlider) {
    const slider = make("input", {
      type: "range",
      ...bounds,
      value: initial === "" ? String(min) : initial,
      "aria-label": `${about["name"]}, roughly`,
    });
    slider.addEventListener("input", () => {
      box.value = slider.value;
    });
    box.addEventListener("input", () => {
      if (box.value !== "") slider.value = box.value;
    });
    return { element: make("div", { className: "row" }, slider, box), text };
  }
  if (!isSeed) return { element: box, text };
  const draw = () => {
    box.value = String(seedFor(input));
    changed();
  };
  const always = make("input", { type: "checkbox", checked: initial === "" });
  const dice = make("button", { type: "button", className: "small", textContent: "Random", title: "Another seed" });
  dice.addEventListener("click", draw);
  const element = make(
    "div",
    { className: "row" },
    box,
    dice,
    make("label", { className: "inline" }, always, "new each run"),
  );
  return { element, text, beforeRun: () => (always.checked ? draw() : undefined) };
}
