import { stripVTControlCharacters } from "node:util";
import { UserError } from "../../contract/errors.ts";

/** What the engine reports while it runs, as far as failures go. */
export interface Diagnostic {
  urn?: string;
  message: string;
  severity: string;
}

/**
 * A failed run of the engine in as few lines as say which resource failed, and why.
 * @param operation what failed, as a user calls it: `pulumi up of demo`
 * @param stderr where the engine complains before it runs anything
 */
export function engineFailure(
  operation: string,
  diagnostics: readonly Diagnostic[],
  stderr: string,
  options?: ErrorOptions,
): UserError {
  const reported = diagnostics.filter(({ severity }) => severity === "error").map(reason);
  const reasons = [...new Set(reported.length > 0 ? reported : plainErrors(stderr))].filter((text) => text !== "");
  const [only, ...more] = reasons;
  if (only === undefined) return new UserError(`${operation} failed without saying why`, [], options);
  const text = more.length === 0 ? `: ${only}` : `:\n${reasons.map(indented).join("\n")}`;
  return new UserError(`${operation} failed${text}`, [], options);
}

function reason({ urn, message }: Diagnostic): string {
  const text = message
    // Colors, as the engine marks them.
    .replace(/<\{%.*?%\}>/g, "")
    .replace(/^Running program '.*' failed with an unhandled exception:\n/, "")
    // What a resource's check found.
    .replace(/^\S+ resource '.*?' has a problem: /, "")
    .replace(/^\S+ resource '.*?': property (\S+) value \{(.*?)\} has a problem: /, '"$1" is $2; ')
    .replace(/\n {4}at .*/g, "")
    .trim();
  // With this the engine closes every failed run; it adds nothing.
  if (/^\w+( \w+)? failed$/.test(text) && urn?.includes("::pulumi:pulumi:Stack::") !== false) return "";
  return urn === undefined || text === "" ? text : `${urn.slice(urn.lastIndexOf("::") + 2)}: ${text}`;
}

/** `error: …` and the lines that belong to it. */
const plainErrors = (stderr: string): string[] =>
  stripVTControlCharacters(stderr)
    .split(/^error: /m)
    .slice(1)
    .map((text) => text.trim());

const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");
