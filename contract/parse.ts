import type { z } from "zod";
import { documentError, type Problem, UserError } from "./errors.ts";

/**
 * Checks a document against its schema and returns the typed value.
 * @param subject what the document is called in the error, usually its file path
 * @throws {UserError} with every problem at once
 */
export function parseDocument<T>(schema: z.ZodType<T>, document: unknown, subject: string): T {
  const parsed = schema.safeParse(document, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw documentError(subject, problemsOf(parsed.error));
}

/**
 * Reads JSON text of a user's file.
 * @throws {UserError} naming the subject and where the text stops being JSON
 */
export function parseJson(text: string, subject: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new UserError(`${subject} is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, [], {
      cause,
    });
  }
}

/** Every issue of a failed parse as path and clause. Parse with `reportInput: true`, so that values can be named. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => issueProblems(issue, []));
}

function issueProblems(issue: z.core.$ZodIssue, parents: readonly PropertyKey[]): Problem[] {
  const path = [...parents, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathText([...path, key]),
      message: "is not a known field; check its spelling",
    }));
  }
  if (issue.code === "invalid_type" && issue.input === undefined) {
    return [{ path: pathText(path), message: `is missing; it must be ${expectation(issue)}` }];
  }
  if (issue.code === "invalid_key") return issue.issues.flatMap((inner) => issueProblems(inner, path));
  return [{ path: pathText(path), message: `is ${valueText(issue.input)}; ${remedy(issue)}` }];
}

/** Schemas of ours carry their remedy as the message; zod's own texts cover the plain types. */
function remedy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return `it must be ${expectation(issue)}`;
  if (issue.code === "invalid_value")
    return `it must be ${issue.values.map((value) => `"${String(value)}"`).join(" or ")}`;
  return issue.message;
}

function expectation(issue: z.core.$ZodIssueInvalidType): string {
  if (!issue.message.startsWith("Invalid input")) return issue.message;
  const article = /^[aeio]/.test(issue.expected) ? "an" : "a";
  return issue.expected === "int" ? "a whole number" : `${article} ${issue.expected}`;
}

export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) => (typeof part === "number" ? `[${part}]` : `${at > 0 ? "." : ""}${String(part)}`))
    .join("");
}

/** A value as an error may show it: JSON, cut to a readable length. */
export function valueText(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
