import { stripVTControlCharacters } from "node:util";
import { UserError } from "../../contract/errors.ts";
import { authRemedy, noKeyRemedy } from "../../providers/runpod/api/errors.ts";
import { UnauthorizedError } from "../errors.ts";

/** What the engine reports while it runs, as far as failures go. */
export interface Diagnostic {
  urn?: string;
  message: string;
  severity: string;
}

/** The program failed, before any resource did. */
export class ProgramFailure extends UserError {}

/** What a provider says of RunPod's key, in a process of the engine's. */
const keyTroubles = [authRemedy, noKeyRemedy];

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
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const reported = errors.map(reason).filter((text) => text !== "");
  const reasons = [...new Set(reported.length > 0 ? reported : plainErrors(stderr))];
  const [only, ...more] = reasons;
  if (only === undefined) return new UserError(`${operation} failed without saying why`, [], options);
  const text = more.length === 0 ? `: ${only}` : `:\n${reasons.map(indented).join("\n")}`;
  if (reasons.some((one) => keyTroubles.some((trouble) => one.includes(trouble)))) {
    return new UnauthorizedError(`${operation} failed${text}`, [], options);
  }
  const ofProgram = errors.some((error) => error.urn === undefined && reason(error) !== "");
  return new (ofProgram ? ProgramFailure : UserError)(`${operation} failed${text}`, [], options);
}

function reason({ urn, message }: Diagnostic): string {
  const text = message
    // Colors, as the engine marks them.
    .replace(/<\{%.*?%\}>/g, "")
    .replace(/^Running program '.*' failed with an unhandled exception:\n/, "")
    // What a resource's check found.
    .replace(/^\S+ resource '.*?' has a problem: /, "")
    .replace(/^\S+ resource '.*?': property (\S+) value \{(.*?)\} has a problem: (is )?/, propertyIs)
    .replace(/\n {4}at .*/g, "")
    .trim();
  // With this the engine closes every failed run; it adds nothing.
  if (/^\w+( \w+)? failed$/.test(text) && urn?.includes("::pulumi:pulumi:Stack::") !== false) return "";
  return urn === undefined || text === "" ? text : `${urn.slice(urn.lastIndexOf("::") + 2)}: ${text}`;
}

/** Messages of ours say the value themselves; the engine does not know those inside of lists. */
const propertyIs = (_: string, property: string, value: string, is: string | undefined): string =>
  `"${property}" is ${is === undefined ? `${value}; ` : ""}`;

/** `error: …` and the lines that belong to it. */
const plainErrors = (stderr: string): string[] =>
  stripVTControlCharacters(stderr)
    .split(/^error: /m)
    .slice(1)
    .map((text) => text.trim());

const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");
