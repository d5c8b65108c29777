import { extname } from "node:path";

/** Media types by extension; of several extensions the first is written. */
const types: readonly (readonly [extension: string, mediaType: string])[] = [
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["webp", "image/webp"],
  ["gif", "image/gif"],
  ["bmp", "image/bmp"],
  ["tiff", "image/tiff"],
  ["svg", "image/svg+xml"],
  ["mp4", "video/mp4"],
  ["webm", "video/webm"],
  ["mov", "video/quicktime"],
  ["mkv", "video/x-matroska"],
  ["avi", "video/x-msvideo"],
  ["wav", "audio/wav"],
  ["mp3", "audio/mpeg"],
  ["flac", "audio/flac"],
  ["ogg", "audio/ogg"],
  ["m4a", "audio/mp4"],
  ["glb", "model/gltf-binary"],
  ["json", "application/json"],
  ["txt", "text/plain"],
  ["bin", "application/octet-stream"],
];

/** What a file probably holds, told from its name. */
export function mediaTypeOf(path: string): string {
  const extension = extname(path).slice(1).toLowerCase();
  return types.find(([known]) => known === extension)?.[1] ?? "application/octet-stream";
}

/** The extension for a file of a media type, without its dot. */
export function extensionOf(mediaType: string): string {
  const type = mediaType.replace(/;.*$/, "").trim().toLowerCase();
  const subtype = type.slice(type.indexOf("/") + 1).replace(/^x-/, "");
  return types.find(([, known]) => known === type)?.[0] ?? (/^[a-z0-9]+$/.test(subtype) ? subtype : "bin");
}
