import { readFileSync, statSync, writeFileSync } from "node:fs";
import { annotatedPath, type FileEntry, type FolderType, isFile, isInside, nextFiles } from "../folders.ts";
import type { NodeClass, RunContext } from "./node.ts";
import { filledPicture, fromPng, pictures, toPng } from "./picture.ts";

/** ComfyUI's own image nodes, with its descriptions of their inputs. */

const size = { default: 512, min: 1, max: 16_384, step: 1 };

export const emptyImage: NodeClass = {
  name: "EmptyImage",
  displayName: "Empty Image",
  description: "",
  category: "image",
  inputs: {
    required: {
      width: ["INT", size],
      height: ["INT", size],
      batch_size: ["INT", { default: 1, min: 1, max: 4096 }],
      color: ["INT", { default: 0, min: 0, max: 0xffffff, step: 1, display: "color" }],
    },
  },
  outputs: ["IMAGE"],
  outputNode: false,
  run: ({ width, height, batch_size, color }) => {
    const rgb = Number(color);
    const one = filledPicture(Number(width), Number(height), [rgb >> 16, (rgb >> 8) & 255, rgb & 255]);
    return { outputs: [Array.from({ length: Number(batch_size) }, () => one)] };
  },
};

const hidden = { prompt: "PROMPT", extra_pnginfo: "EXTRA_PNGINFO" };

export const saveImage: NodeClass = {
  name: "SaveImage",
  displayName: "Save Image",
  description: "Saves the input images to your ComfyUI output directory.",
  category: "image",
  inputs: {
    required: { images: ["IMAGE", {}], filename_prefix: ["STRING", { default: "ComfyUI" }] },
    hidden,
  },
  outputs: ["IMAGE"],
  outputNames: ["images"],
  outputNode: true,
  run: ({ images, filename_prefix }, context) => save(images, "output", String(filename_prefix), context),
};

export const previewImage: NodeClass = {
  name: "PreviewImage",
  displayName: "Preview Image",
  description: "Preview the images without saving them to the ComfyUI output directory.",
  category: "image",
  inputs: { required: { images: ["IMAGE"] }, hidden },
  outputs: ["IMAGE"],
  outputNames: ["images"],
  outputNode: true,
  run: ({ images }, context) => save(images, "temp", "ComfyUI_temp_local", context),
};

export const saveImageWebsocket: NodeClass = {
  name: "SaveImageWebsocket",
  displayName: "Save Image (Websocket)",
  description: "",
  category: "image",
  inputs: { required: { images: ["IMAGE"] } },
  outputs: [],
  outputNode: true,
  // It sends previews whatever the method for previews is: they are its results, and in no history.
  run: ({ images }, { progress }) => {
    const batch = pictures(images);
    for (const [at, picture] of batch.entries()) progress(at, batch.length, picture);
    return {};
  },
};

function save(images: unknown, folder: FolderType, prefix: string, { folders }: RunContext) {
  const batch = pictures(images);
  const [first] = batch;
  const name = withMoment(prefix, new Date(), first?.width ?? 0, first?.height ?? 0);
  const entries: FileEntry[] = [];
  for (const [at, { path, entry }] of nextFiles(folders, folder, name, ".png", batch.length).entries()) {
    const picture = batch[at];
    if (picture !== undefined) writeFileSync(path, toPng(picture));
    entries.push(entry);
  }
  return { outputs: [batch], ui: { images: entries } };
}

/** `%width%`, `%height%` and the parts of the moment that ComfyUI fills in. */
function withMoment(prefix: string, now: Date, width: number, height: number): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const values: Record<string, string> = {
    width: String(width),
    height: String(height),
    year: String(now.getFullYear()),
    month: two(now.getMonth() + 1),
    day: two(now.getDate()),
    hour: two(now.getHours()),
    minute: two(now.getMinutes()),
    second: two(now.getSeconds()),
  };
  return prefix.replace(/%(\w+)%/g, (whole, key: string) => values[key] ?? whole);
}

export const loadImage: NodeClass = {
  name: "LoadImage",
  displayName: "Load Image",
  description: "",
  category: "image",
  inputs: { required: { image: [[], { image_upload: true }] } },
  outputs: ["IMAGE", "MASK"],
  outputNode: false,
  validate: ({ image }, folders): Record<string, string> => {
    const path = annotatedPath(String(image), folders);
    const inside = Object.values(folders).some((folder: string) => isInside(folder, path));
    return inside && isFile(path) ? {} : { image: `Invalid image file: ${String(image)}` };
  },
  fingerprint: ({ image }, folders) => {
    const { mtimeMs, size: bytes } = statSync(annotatedPath(String(image), folders));
    return `${mtimeMs} ${bytes}`;
  },
  run: ({ image }, { folders }) => {
    const path = annotatedPath(String(image), folders);
    const picture = fromPng(readFileSync(path), path);
    const mask = filledPicture(picture.width, picture.height, [0, 0, 0]);
    return { outputs: [[picture], [mask]] };
  },
};
