/** The run that the form describes as code, in a tab for each language. */

import { baseUrl } from "../common/api.js";
import { byId, copyButton, make } from "../common/dom.js";
import { languages } from "./snippets.js";

/** @param {() => Record<string, unknown>} inputs of the form as it is */
export function createCode(inputs) {
  const tabs = byId("languages", HTMLElement);
  const code = byId("code", HTMLElement);
  const buttons = languages.map(({ name }, at) => {
    const button = make("button", { type: "button", role: "tab", id: `language-${at}`, "aria-controls": "code" }, name);
    button.addEventListener("click", () => choose(at));
    return button;
  });
  let [chosen] = languages;

  const refresh = () => {
    code.textContent = chosen?.code({ base: baseUrl(), inputs: inputs() }) ?? "";
  };
  /** @param {number} at */
  const choose = (at) => {
    chosen = languages[at];
    buttons.forEach((button, other) => button.setAttribute("aria-selected", String(other === at)));
    code.setAttribute("aria-labelledby", `language-${at}`);
    refresh();
  };
  tabs.replaceChildren(
    ...buttons,
    make("span", { className: "grow" }),
    copyButton(() => code.textContent ?? ""),
  );
  choose(0);
  return { refresh };
}
