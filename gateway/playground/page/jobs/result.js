/** What a job made. */

/** @import { FileObject } from "../../../../contract/api.ts" */
/** @import { ContractOutput } from "../../../../contract/workflow-contract.ts" */
/** @import { Api } from "../common/api.js" */

import { copyButton, make, mediaKind, sizeText } from "../common/dom.js";

/**
 * Elements for each output, in the contract's order; media fill themselves when their bytes are there.
 * @param {readonly Pick<ContractOutput, "name" | "type" | "description">[]} outputs
 * @param {Record<string, unknown>} result
 * @param {Api} api
 * @param {AbortSignal} signal ends what is still loading, and frees what was loaded
 */
export const resultElements = (outputs, result, api, signal) =>
  outputs
    .filter(({ name }) => Object.hasOwn(result, name))
    .map(({ name, type, description = "" }) => {
      const value = result[name];
      const shown = type.includes("/")
        ? make(
            "div",
            { className: "media-list" },
            ...[value].flat().map((id, at) => mediaElement(name, at, String(id), api, signal)),
          )
        : valueElement(value);
      return make(
        "section",
        { className: "output", "data-name": name },
        make("h3", {}, name, make("small", {}, description)),
        shown,
      );
    });

/** @param {unknown} value */
function valueElement(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const isShort = text.length < 80 && !text.includes("\n");
  return make(
    "div",
    { className: "value" },
    make("pre", { className: isShort ? "short" : typeof value === "string" ? "text" : "" }, text),
    copyButton(() => text),
  );
}

/** @param {string} name @param {number} at @param {string} id @param {Api} api @param {AbortSignal} signal */
function mediaElement(name, at, id, api, signal) {
  const figure = make("figure", {}, make("p", { className: "hint loading" }, "Loading …"));
  load(id, api, signal).then(
    ({ file, src }) => {
      const fileName = file.original_name ?? `${name}-${at + 1}`;
      const caption = make(
        "figcaption",
        {},
        make("span", {}, `${fileName}, ${sizeText(file.size_bytes)}`),
        make("a", { href: src, download: fileName, className: "button small" }, "Download"),
      );
      figure.replaceChildren(...viewOf(file, src, name), caption);
    },
    (error) => {
      if (!signal.aborted) figure.replaceChildren(make("p", { className: "wrong" }, `${name}: ${error.message}`));
    },
  );
  return figure;
}

/**
 * @param {string} id
 * @param {Api} api
 * @param {AbortSignal} signal
 * @returns {Promise<{ file: FileObject, src: string }>}
 */
async function load(id, api, signal) {
  const path = `files/${encodeURIComponent(id)}`;
  const [file, response] = await Promise.all([api.json(path, { signal }), api.ask(`${path}/download`, { signal })]);
  const bytes = await response.blob();
  // A page among the outputs is saved, and never opened as one of this endpoint's.
  const blob =
    mediaKind(file.media_type) === undefined ? new Blob([bytes], { type: "application/octet-stream" }) : bytes;
  const src = URL.createObjectURL(blob);
  signal.addEventListener("abort", () => URL.revokeObjectURL(src));
  return { file, src };
}

/** @param {FileObject} file @param {string} src @param {string} name @returns {HTMLElement[]} */
function viewOf(file, src, name) {
  switch (mediaKind(file.media_type)) {
    case "image": {
      const picture = make("img", { src, alt: name });
      const open = make("button", { type: "button", className: "open", title: "Show it large" }, picture);
      open.addEventListener("click", () => showLarge(src, name));
      return [open];
    }
    case "video":
      return [make("video", { src, controls: true, loop: true, playsInline: true })];
    case "audio":
      return [make("audio", { src, controls: true })];
    default:
      return [];
  }
}

/** @param {string} src @param {string} name */
function showLarge(src, name) {
  const dialog = make("dialog", { className: "large", "aria-label": name }, make("img", { src, alt: name }));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
