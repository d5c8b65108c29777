/** A file as an input: dropped, chosen or pasted, uploaded at once, and shown. */

/** @import { Api } from "../common/api.js" */
/** @import { Field } from "./fields.js" */
/** @import { Control } from "./form.js" */

import { make, mediaKind, sizeText } from "../common/dom.js";

/**
 * @param {Field} field
 * @param {string} id of the element that the name is the label of
 * @param {Pick<Api, "upload">} api
 * @param {() => void} changed
 * @returns {Control}
 */
export function createMediaControl(field, id, api, changed) {
  const picker = make("input", {
    id,
    type: "file",
    accept: field.accept,
    className: "away",
    "aria-describedby": `${id}-wrong`,
  });
  const preview = make("div", { className: "preview" });
  const status = make("p", { className: "hint", role: "status" });
  const bar = make("progress", { max: 1, hidden: true });
  const remove = make("button", { type: "button", className: "small", textContent: "Remove", hidden: true });
  const [kind = ""] = field.type.split("/");
  const noun = kind === "image" ? "picture" : kind === "audio" ? "sound" : kind;
  const invitation = make("span", {}, make("b", {}, `Choose a ${noun}`), ", drop or paste it here");
  const zone = make("label", { htmlFor: id, className: "zone" }, preview, invitation, bar, status);
  const address = make("input", {
    type: "url",
    placeholder: "or its https:// address",
    "aria-label": `address of ${field.name}`,
  });

  let fileId = "";
  let uploading = Promise.resolve();
  let ending = new AbortController();
  const forget = () => {
    ending.abort();
    fileId = "";
    picker.value = "";
    status.textContent = "";
    bar.hidden = remove.hidden = true;
    invitation.hidden = address.hidden = false;
    for (const shown of preview.children) URL.revokeObjectURL(shown.getAttribute("src") ?? "");
    preview.replaceChildren();
    zone.classList.remove("failed");
    changed();
  };

  /** @param {File} file */
  const take = async (file) => {
    forget();
    const { signal } = (ending = new AbortController());
    preview.replaceChildren(...previewOf(file));
    invitation.hidden = address.hidden = true;
    bar.hidden = remove.hidden = false;
    bar.value = 0;
    status.textContent = `Uploading ${file.name}, ${sizeText(file.size)} …`;
    try {
      const uploaded = await api.upload(file, (share) => (bar.value = share), signal);
      fileId = uploaded.file_id;
      status.textContent = `${file.name}, ${sizeText(uploaded.size_bytes)}`;
      changed();
    } catch (error) {
      if (signal.aborted) return;
      zone.classList.add("failed");
      status.textContent = `${file.name} was not uploaded: ${error instanceof Error ? error.message : ""}`;
    } finally {
      if (!signal.aborted) bar.hidden = true;
    }
  };
  /** @param {FileList | undefined} files */
  const takeFirst = (files) => {
    const [file] = files ?? [];
    if (file !== undefined) uploading = take(file);
  };

  picker.addEventListener("change", () => takeFirst(picker.files ?? undefined));
  remove.addEventListener("click", forget);
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", type === "dragenter" || type === "dragover");
    });
  }
  zone.addEventListener("drop", ({ dataTransfer }) => takeFirst(dataTransfer?.files));
  const element = make("div", {}, picker, zone, remove, field.takesUrl ? address : undefined);
  // Wherever it is pasted on the page, the first control without a file takes it.
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length === 0 || event.defaultPrevented || preview.childElementCount > 0) return;
    event.preventDefault();
    takeFirst(event.clipboardData?.files);
  });
  return { element, text: () => (fileId === "" ? address.value : fileId), settled: () => uploading };
}

/** @param {File} file @returns {HTMLElement[]} */
function previewOf(file) {
  const kind = mediaKind(file.type);
  if (kind === undefined) return [];
  const src = URL.createObjectURL(file);
  if (kind === "image") return [make("img", { src, alt: file.name })];
  return [
    kind === "video"
      ? make("video", { src, muted: true, autoplay: true, loop: true, playsInline: true })
      : make("audio", { src, controls: true }),
  ];
}
