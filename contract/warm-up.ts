import { documentError, type Problem } from "./errors.ts";
import { checkInputs, type InputValues } from "./input-values.ts";
import { isMediaType } from "./value-types.ts";
import type { WorkflowContract } from "./workflow-contract.ts";

/**
 * The inputs of the run that warms an endpoint up, with defaults filled in.
 * @param subject what they are called in errors
 * @throws {UserError} when the workflow does not take them, or needs a file: there are none before the first caller
 */
export function warmUpInputs({ inputs }: WorkflowContract, given: unknown, subject: string): InputValues {
  const { values, problems } = checkInputs(inputs, given);
  const media = inputs.filter(({ name, type }) => isMediaType(type) && values[name] !== undefined);
  const files = media.map(
    ({ name }): Problem => ({ path: name, message: "is a file, which a warm-up run has none of" }),
  );
  const all = [...problems, ...files].map(({ path, message }) => ({ path: `endpoint.warm_up.${path}`, message }));
  if (all.length > 0) throw documentError(subject, all);
  return values;
}
