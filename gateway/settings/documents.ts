import { documentError, type Problem, UserError } from "../../contract/errors.ts";
import { podEnv, readPodEnv } from "../../contract/pod-env.ts";
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

/** The app's artifacts: models and node packs. */
export function artifactsSource(env: Env): DocumentSource {
  const text = documentText(env, podEnv.artifactsJson);
  return { subject: podEnv.artifactsJson, ...(text !== undefined && { text }) };
}

/** The inputs of the run that warms the endpoint up; null when there is to be none. */
export function warmUpSource(env: Env): { subject: string; text: string } | null {
  const text = documentText(env, podEnv.warmUpJson);
  return text === undefined ? null : { subject: podEnv.warmUpJson, text };
}
