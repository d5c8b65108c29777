import { createHash } from "node:crypto";
import font from "oled-font-5x7";
import type { NodeClass } from "./node.ts";
import { type Color, filledPicture, fillRectangle, type Picture } from "./picture.ts";

const size = { default: 512, min: 64, max: 2048, step: 8 };

/** Writes the prompt on a card whose color follows from it: a picture that needs no model. */
export const promptCard: NodeClass = {
  name: "PromptCard",
  displayName: "ComfyEndpoints Prompt Card",
  description: "",
  category: "ComfyEndpoints",
  inputs: {
    required: { prompt: ["STRING", { default: "", multiline: true }], width: ["INT", size], height: ["INT", size] },
  },
  outputs: ["IMAGE"],
  outputNames: ["image"],
  outputNode: false,
  run: ({ prompt, width, height }) => ({ outputs: [[drawCard(String(prompt), Number(width), Number(height))]] }),
};

const white: Color = [255, 255, 255];
// Pixels of the font, with the gap to the next letter or line.
const letterWidth = font.width + 1;
const lineHeight = font.height + 4;

export function drawCard(prompt: string, width: number, height: number): Picture {
  const hue = (createHash("sha256").update(prompt).digest()[0] ?? 0) / 256;
  const color = colorOf(hue, 0.32, 0.45);
  const light = colorOf(hue, 0.62, 0.55);
  const card = filledPicture(width, height, color);
  shade(card, colorOf(hue, 0.24, 0.5));

  const short = Math.min(width, height);
  const margin = Math.max(4, Math.round(short / 16));
  const line = Math.max(1, Math.round(short / 256));
  frame(card, margin, line, light);

  const inner = { width: width - 4 * margin, height: height - 5 * margin };
  const { lines, scale } = fitted(prompt.trim() || "(no prompt)", inner.width, inner.height);
  const top = Math.round((height - (lines.length * lineHeight - 4) * scale) / 2);
  lines.forEach((text, at) => {
    write(card, text, Math.round((width - textWidth(text) * scale) / 2), top + at * lineHeight * scale, scale, white);
  });

  const small = Math.max(1, Math.round(short / 300));
  const footer = `${width} x ${height}`;
  const footerTop = height - margin - line - (font.height + 4) * small;
  if (short >= 128) {
    write(card, footer, width - margin - line - (textWidth(footer) + 4) * small, footerTop, small, light);
  }
  return card;
}

/** The largest letters with which the words fit; the smallest ones when nothing does, cut with an ellipsis. */
function fitted(text: string, width: number, height: number): { lines: string[]; scale: number } {
  const largest = Math.max(1, Math.floor(Math.min(width, height) / 48));
  for (let scale = largest; scale > 1; scale--) {
    const lines = wrapped(text, Math.floor(width / (letterWidth * scale)), false);
    if (lines !== undefined && lines.length * lineHeight * scale <= height) return { lines, scale };
  }
  const lines = wrapped(text, Math.max(1, Math.floor(width / letterWidth)), true) ?? [];
  const most = Math.max(1, Math.floor(height / lineHeight));
  if (lines.length <= most) return { lines, scale: 1 };
  return { lines: [...lines.slice(0, most - 1), `${(lines[most - 1] ?? "").slice(0, -3)}...`], scale: 1 };
}

/** Lines of so many letters; undefined when a word is longer than a line and may not be cut. */
function wrapped(text: string, columns: number, cutWords: boolean): string[] | undefined {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(/\s+/).flatMap((whole) => (cutWords ? pieces(whole, columns) : [whole]))) {
      if (word.length > columns) return undefined;
      if (line !== "" && line.length + 1 + word.length > columns) {
        lines.push(line);
        line = "";
      }
      line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

const pieces = (word: string, length: number): string[] => word.match(new RegExp(`.{1,${length}}`, "gu")) ?? [""];

const textWidth = (text: string): number => Array.from(text).length * letterWidth - 1;

function write(card: Picture, text: string, left: number, top: number, scale: number, color: Color): void {
  Array.from(text).forEach((letter, at) => {
    for (let column = 0; column < font.width; column++) {
      const bits = font.fontData[glyph(letter) * font.width + column] ?? 0;
      for (let row = 0; row < font.height; row++) {
        if ((bits >> row) & 1) {
          fillRectangle(card, left + (at * letterWidth + column) * scale, top + row * scale, scale, scale, color);
        }
      }
    }
  });
}

/** Place of a letter in the font; what it does not have becomes a question mark. */
function glyph(letter: string): number {
  const known = font.lookup.indexOf(letter);
  return known >= 0 ? known : font.lookup.indexOf("?");
}

function frame(card: Picture, margin: number, line: number, color: Color): void {
  const { width, height } = card;
  const across = width - 2 * margin;
  const down = height - 2 * margin;
  fillRectangle(card, margin, margin, across, line, color);
  fillRectangle(card, margin, height - margin - line, across, line, color);
  fillRectangle(card, margin, margin, line, down, color);
  fillRectangle(card, width - margin - line, margin, line, down, color);
}

/** Runs into a darker color from top to bottom. */
function shade(card: Picture, to: Color): void {
  const [red = 0, green = 0, blue = 0] = card.rgba;
  for (let y = 0; y < card.height; y++) {
    const share = y / card.height;
    const mix = (from: number, other: number) => Math.round(from + (other - from) * share);
    fillRectangle(card, 0, y, card.width, 1, [mix(red, to[0]), mix(green, to[1]), mix(blue, to[2])]);
  }
}

/** Hue, lightness and saturation (0 to 1) as red, green and blue. */
function colorOf(hue: number, lightness: number, saturation: number): Color {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const part = (shift: number) => {
    const at = (shift + hue * 12) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [part(0), part(8), part(4)];
}
