import { z } from "zod";
import { problemLine, UserError } from "../../../contract/errors.ts";
import { problemsOf } from "../../../contract/parse.ts";
import { isUnknown } from "../engine/hook-values.ts";

/** Inputs and outputs as Pulumi keeps them. */
export type Properties = Record<string, unknown>;

export interface Failure {
  property: string;
  reason: string;
}

/** What is wrong with inputs of which some may not be known yet. */
export function inputFailures(schema: z.ZodType, inputs: Properties): Failure[] {
  const issues = schema.safeParse(inputs, { reportInput: true }).error?.issues ?? [];
  const known = new z.ZodError(issues.filter((issue) => !isUnknown(issue.input)));
  return problemsOf(known).map(({ path, message }) => ({ property: path, reason: message }));
}

/** @throws {UserError} with all problems; at deployment every value is known */
export function parseInputs<T>(schema: z.ZodType<T>, inputs: Properties): T {
  const { data, error } = schema.safeParse(inputs, { reportInput: true });
  if (error === undefined) return data;
  throw new UserError(problemsOf(error).map(problemLine).join("; "));
}

/** An input that may be left out; the engine turns what is left out into null. */
export const optional = <T>(type: z.ZodType<T>) => type.nullish().transform((value) => value ?? undefined);
