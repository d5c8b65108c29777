/** One thing that is wrong with something a user wrote. */
export interface Problem {
  /** Where, as the user wrote it: `build.plugins[0].ref`; empty when the whole document is meant. */
  path: string;
  /** What is wrong with which value, and what to do: a clause that follows the quoted path. */
  message: string;
}

/**
 * A mistake somebody can mend: shown as its message alone, never with a stack trace.
 * Everything else that is thrown is a fault of ours.
 */
export class UserError extends Error {
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = "UserError";
    // Whoever prints an error with its stack (the engine does, for providers) shows the message alone.
    this.stack = "";
    this.problems = problems;
  }
}

/** Puts all problems of one document into one error: a line when there is one, a list when there are more. */
export function documentError(subject: string, problems: readonly Problem[]): UserError {
  const lines = problems.map(problemLine);
  const message =
    lines.length === 1
      ? `${subject}: ${lines.join("")}`
      : `${subject} has ${lines.length} problems:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return new UserError(message, problems);
}

export function problemLine({ path, message }: Problem): string {
  return path === "" ? message : `"${path}" ${message}`;
}
