import type { Request } from "express";

/** ComfyUI takes prompt ids in this form only. */
export const canonicalId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws when the body, read as text, is no JSON object, which ends as 500: ComfyUI looks no closer */
export function record(request: Request): Record<string, unknown> {
  const body: unknown = JSON.parse(String(request.body));
  if (isRecord(body)) return body;
  throw new Error("the body is no JSON object");
}

export const idsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((id): id is string => typeof id === "string") : [];

/** @throws for text that is no whole number, which ends as 500 */
export function wholeNumber(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
  if (!Number.isInteger(number)) throw new Error("not a whole number");
  return number;
}
