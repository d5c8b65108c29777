import { extname } from "node:path";
import { essenceOf, unknownMediaType } from "../../contract/value-types.ts";

/** Extensions of the paths that jobs are lent. ComfyUI nodes tell images from videos by them, so they are ours and never a caller's. */
const extensions: Record<string, string> = {
  "image/png": ".png",
  "image/jpeg": ".jpg",
  "image/webp": ".webp",
  "image/gif": ".gif",
  "image/bmp": ".bmp",
  "image/tiff": ".tiff",
  "video/mp4": ".mp4",
  "video/webm": ".webm",
  "video/quicktime": ".mov",
  "video/x-matroska": ".mkv",
  "video/x-msvideo": ".avi",
  "audio/wav": ".wav",
  "audio/x-wav": ".wav",
  "audio/mpeg": ".mp3",
  "audio/flac": ".flac",
  "audio/ogg": ".ogg",
  "audio/mp4": ".m4a",
  "model/gltf-binary": ".glb",
  "application/json": ".json",
  "text/plain": ".txt",
};
const known = new Set(Object.values(extensions));
/** The first of several types that share an extension counts. */
const types = new Map(
  Object.entries(extensions)
    .map(([type, extension]) => [extension, type] as const)
    .reverse(),
);

export const defaultMediaType = unknownMediaType;

/** The extension a file gets for ComfyUI: by its media type, else by its name when that ends in one we know, else none. */
export function extensionOf(mediaType: string, originalName: string | null): string {
  const byType = extensions[essenceOf(mediaType)];
  const byName = extname(originalName ?? "").toLowerCase();
  return byType ?? (known.has(byName) ? byName : "");
}

/** The media type of files whose names end so, if we know it. */
export const mediaTypeOfExtension = (extension: string): string | undefined => types.get(extension.toLowerCase());

/** A caller's content type, parameters included, if it may be sent back in a header; else the default. */
export function mediaTypeOf(contentType: string | undefined): string {
  const text = contentType?.trim() ?? "";
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;[ -~]*)?$/.test(text) && text.length < 256 ? text : defaultMediaType;
}

/** The content type of a body that is a file. What curl says without being asked, a form's encoding, says nothing. */
export function uploadTypeOf(contentType: string | undefined): string {
  const mediaType = mediaTypeOf(contentType);
  return essenceOf(mediaType) === "application/x-www-form-urlencoded" ? defaultMediaType : mediaType;
}

/**
 * The last part of a caller's file name, without what no file name holds; null when nothing is left. A long one keeps its
 * extension.
 */
export function fileNameOf(name: string | undefined): string | null {
  const last = (name ?? "").split(/[/\\]/).at(-1) ?? "";
  // Control characters, and those that turn the direction of writing: "exe.png" may be a "gnp.exe" to the eye.
  const clean = last.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "").trim();
  if (clean === "" || clean === "." || clean === "..") return null;
  // Whole characters: half of one is no text that a header could carry.
  const characters = Array.from(clean.toWellFormed());
  const extension = Array.from(extname(clean)).slice(0, longestExtension);
  if (characters.length <= longestName) return characters.join("");
  return [...characters.slice(0, longestName - extension.length), ...extension].join("");
}

const longestName = 255;
const longestExtension = 20;
