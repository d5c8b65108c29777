/**
 * An element; texts stay texts, never markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} properties by the names of the element's own; `aria-…` and `data-…` are attributes
 * @param {...(Node | string | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, String(value));
    else Object.assign(element, { [name]: value });
  }
  for (const child of children) if (child !== undefined && child !== "") element.append(child);
  return element;
}

/**
 * An element of the page.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${kind.name} "${id}"`);
}

/** A button that copies a text, and says that it did. @param {() => string} text @param {string} label */
export function copyButton(text, label = "Copy") {
  const button = make("button", { type: "button", className: "small", textContent: label });
  button.addEventListener("click", () => {
    void copy(text()).then((isCopied) => {
      button.textContent = isCopied ? "Copied" : "Press Ctrl+C";
      setTimeout(() => {
        button.textContent = label;
      }, 1500);
    });
  });
  return button;
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers have no clipboard for pages that came over plain HTTP from another machine.
    const area = make("textarea", { value: text, className: "away" });
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}

/** What browsers show and hear; drawings that may hold scripts are no pictures. @param {string} mediaType */
export function mediaKind(mediaType) {
  const [, kind] = /^(image|video|audio)\/(?!svg)/.exec(mediaType) ?? [];
  return kind;
}

/** @param {number} bytes */
export function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** @param {number} ms */
export function durationText(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
