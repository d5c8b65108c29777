import { copyFileSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { type FileEntry, isFile, nextFiles } from "../folders.ts";
import { type NodeClass, NodeError, type NodeResult } from "./node.ts";
import { pictures, toPng } from "./picture.ts";

/** The nodes that join a workflow to the endpoint's API; in the image they are Python (docker/comfy_nodes). */

export const apiInput: NodeClass = {
  name: "ApiInput",
  displayName: "ComfyEndpoints API Input",
  description: "",
  category: "ComfyEndpoints",
  inputs: {
    required: {
      name: ["STRING", { default: "prompt" }],
      type: ["STRING", { default: "string" }],
      required: ["BOOLEAN", { default: true }],
      value: ["STRING", { default: "", multiline: true }],
    },
  },
  outputs: ["*"],
  outputNames: ["value"],
  outputNode: false,
  run: ({ type, value }) => ({ outputs: [typed(String(value), String(type))] }),
};

/** ComfyUI makes text of every literal for a STRING; this makes of it again what the contract says it is. */
function typed(text: string, type: string): unknown {
  switch (type.trim().toLowerCase()) {
    case "integer":
    case "number":
      return Number(text);
    case "boolean":
      return text.toLowerCase() === "true" || text === "1";
    case "object":
    case "array":
      return JSON.parse(text);
    default:
      return text;
  }
}

export const apiOutput: NodeClass = {
  name: "ApiOutput",
  displayName: "ComfyEndpoints API Output",
  description: "",
  category: "ComfyEndpoints",
  inputs: {
    required: {
      name: ["STRING", { default: "image" }],
      type: ["STRING", { default: "image/png" }],
    },
    optional: {
      value: ["*", { default: "", widgetType: "STRING" }],
      image: ["IMAGE", {}],
      filename_prefix: ["STRING", { default: "" }],
    },
  },
  outputs: ["STRING"],
  outputNames: ["value"],
  outputNode: true,
  run: ({ name, type, value, image, filename_prefix }, { folders }): NodeResult => {
    const mediaType = String(type).trim().toLowerCase();
    const prefix = typeof filename_prefix === "string" && filename_prefix !== "" ? filename_prefix : String(name);
    if (image !== undefined) {
      if (mediaType !== "image/png") {
        throw new NodeError("ValueError", `an image cannot be saved as "${mediaType}" here; use image/png`);
      }
      const batch = pictures(image);
      const files = nextFiles(folders, "output", prefix, ".png", batch.length);
      files.forEach(({ path }, at) => {
        const picture = batch[at];
        if (picture !== undefined) writeFileSync(path, toPng(picture));
      });
      return handed(name, type, names(files), { images: files.map(({ entry }) => entry) });
    }
    if (value === undefined || value === null) {
      throw new NodeError(
        "ValueError",
        `output "${String(name)}" has neither a value nor an image; connect one of them`,
      );
    }
    if (!/^(image|video|audio|file)\//.test(mediaType)) return handed(name, type, value, { value: [value] });
    const source = typeof value === "string" ? value : "";
    if (!isFile(source)) {
      throw new NodeError("ValueError", `output "${String(name)}" names the file ${source}, which is not there`);
    }
    const copies = nextFiles(folders, "output", prefix, extname(source), 1);
    for (const { path } of copies) copyFileSync(source, path);
    return handed(name, type, names(copies), { files: copies.map(({ entry }) => entry) });
  },
};

/** What goes to history, and what nodes behind this one are told of it. */
const handed = (name: unknown, type: unknown, value: unknown, ui: Record<string, unknown[]>): NodeResult => ({
  ui,
  outputs: [JSON.stringify({ name, type, value })],
});

function names(files: readonly { entry: FileEntry }[]): string | string[] {
  const paths = files.map(({ entry }) =>
    entry.subfolder === "" ? entry.filename : `${entry.subfolder}/${entry.filename}`,
  );
  return paths.length === 1 ? paths.join() : paths;
}
