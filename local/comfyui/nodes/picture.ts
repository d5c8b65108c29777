import { PNG, type PNGOptions } from "pngjs";
import { NodeError } from "./node.ts";

/** One image of ComfyUI's type IMAGE, which is a list of them. */
export interface Picture {
  width: number;
  height: number;
  /** Four bytes a pixel. */
  rgba: Uint8Array;
}

export type Color = readonly [red: number, green: number, blue: number];

export function filledPicture(width: number, height: number, [red, green, blue]: Color): Picture {
  const rgba = new Uint8Array(width * height * 4);
  new Uint32Array(rgba.buffer).fill(new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0] ?? 0);
  return { width, height, rgba };
}

/** Paints a rectangle; what lies outside the picture is left out. */
export function fillRectangle(
  picture: Picture,
  left: number,
  top: number,
  width: number,
  height: number,
  [red, green, blue]: Color,
): void {
  for (let y = Math.max(0, top); y < Math.min(picture.height, top + height); y++) {
    for (let x = Math.max(0, left); x < Math.min(picture.width, left + width); x++) {
      picture.rgba.set([red, green, blue], (y * picture.width + x) * 4);
    }
  }
}

export function toPng({ width, height, rgba }: Picture, options: PNGOptions = {}): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  return PNG.sync.write(png, options);
}

const rgb = 2;

/** A PNG of its colors alone, which has no alpha channel then, or of its alpha channel alone, over black. */
export function channelPng(picture: Picture, channel: "rgb" | "a"): Buffer {
  if (channel === "rgb") return toPng(picture, { colorType: rgb });
  return toPng({ ...picture, rgba: picture.rgba.map((value, at) => (at % 4 === 3 ? value : 0)) });
}

export function fromPng(bytes: Buffer, path: string): Picture {
  try {
    const { width, height, data } = PNG.sync.read(bytes);
    return { width, height, rgba: data };
  } catch {
    throw new NodeError("UnidentifiedImageError", `cannot identify image file '${path}'`);
  }
}

/** @throws {NodeError} for anything but a list of pictures */
export function pictures(value: unknown): Picture[] {
  if (Array.isArray(value) && value.every(isPicture)) return value;
  throw new NodeError("TypeError", "expected an IMAGE");
}

const isPicture = (value: unknown): value is Picture =>
  typeof value === "object" && value !== null && "rgba" in value && value.rgba instanceof Uint8Array;
