import { randomUUID } from "node:crypto";
import type { Response } from "express";

const mark = randomUUID();
const marked = new RegExp(`"${mark}(NaN|-?Infinity)"`, "g");

/** JSON as Python writes it: with bare NaN and Infinity, which JSON does not have. */
function pythonJson(value: unknown): string {
  const text = JSON.stringify(value, (_, one: unknown) =>
    typeof one === "number" && !Number.isFinite(one) ? `${mark}${one}` : one,
  );
  return text.replace(marked, "$1");
}

/** Answers with what came from prompts, whose numbers may be none. */
export function sendJson(response: Response, value: object): void {
  response.type("json").send(pythonJson(value));
}
