import { createHash } from "node:crypto";
import { errorCodes } from "../../../contract/api.ts";
import { valueText } from "../../../contract/parse.ts";
import { HttpProblem } from "../../http.ts";
import type { Idempotency } from "../store.ts";

/** What makes two requests of one key the same request. */
export interface RunFacts {
  body: unknown;
  priority: number;
  webhookUrl: string | null;
}

/**
 * @param header `Idempotency-Key` as it came
 * @param keyName of the caller: what others chose is none of its business
 * @throws {HttpProblem} 400 for a key that is none
 */
export function idempotencyOf(header: string | undefined, keyName: string, facts: RunFacts): Idempotency | null {
  if (header === undefined) return null;
  if (!/^[\x20-\x7e]{1,255}$/.test(header)) {
    const message = `is ${valueText(header)}; give 1 to 255 printable ASCII characters, such as a UUID`;
    const problems = [{ path: "Idempotency-Key", message }];
    throw new HttpProblem(400, errorCodes.validation, { detail: `Idempotency-Key ${message}`, problems });
  }
  const { body, priority, webhookUrl } = facts;
  const text = JSON.stringify([canonical(body), priority, webhookUrl]);
  // A key's name has no colon.
  return { key: `${keyName}:${header}`, requestSha256: createHash("sha256").update(text).digest("hex") };
}

export function idempotencyConflict(): HttpProblem {
  const detail = "this Idempotency-Key came with another request before; give each run a key of its own";
  return new HttpProblem(409, errorCodes.idempotencyConflict, { detail });
}

/** The same value whatever the order of its fields. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, canonical(inner)]));
}
