import { documentError, type Problem, UserError } from "../../contract/errors.ts";
import { readPodEnv } from "../../contract/pod-env.ts";
import type { Env } from "../settings.ts";

/** Where a document comes from: its text, or the file that holds it; neither when nothing was said. */
export interface DocumentSource {
  /** What the document is called in errors. */
  subject: string;
  text?: string;
  path?: string;
}

/**
 * A document that a variable holds, whole or in pieces; undefined when it is not set.
 * @throws {UserError} when its pieces do not fit together
 */
export function documentText(env: Env, variable: string): string | undefined {
  try {
    return readPodEnv(env, variable);
  } catch (cause) {
    const problem: Problem = { path: variable, message: "is damaged: its pieces do not unpack; deploy again" };
    throw new UserError(documentError("the environment", [problem]).message, [problem], { cause });
  }
}
