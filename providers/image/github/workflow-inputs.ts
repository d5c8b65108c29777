import { UserError } from "../../../contract/errors.ts";
import type { PlannedImage } from "../plan.ts";
import type { Sources } from "./source.ts";

/**
 * What the workflow is given; it must declare these, and may declare `correlation_id`.
 * @throws {UserError} when a build argument has more than one line
 */
export function workflowInputs(
  { imageRef, buildArgs }: Pick<PlannedImage, "imageRef" | "buildArgs">,
  { dockerfile, context }: Pick<Sources, "dockerfile" | "context">,
): Record<"image_ref" | "dockerfile_path" | "build_context" | "build_args", string> {
  const broken = Object.keys(buildArgs).find((name) => /[\r\n]/.test(buildArgs[name] ?? ""));
  if (broken !== undefined) {
    throw new UserError(`GitHub Actions cannot build ${imageRef}: the build argument ${broken} has more than one line`);
  }
  return {
    image_ref: imageRef,
    dockerfile_path: dockerfile,
    build_context: context,
    build_args: Object.entries(buildArgs)
      .map(([name, value]) => `${name}=${value}`)
      .join("\n"),
  };
}
