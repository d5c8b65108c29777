/** The workflow that builds images. */
import { UserError } from "../../../contract/errors.ts";
import type { PlannedImage } from "../plan/plan.ts";
import type { GitHubApi } from "./api.ts";
import { GitHubError, isGitHubRefusal } from "./errors.ts";
import type { GitHubSettings } from "./settings.ts";
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

export interface WorkflowWorld {
  settings: GitHubSettings;
  log: (line: string) => void;
  /** Rejects when the build is broken off. */
  pause: (milliseconds: number) => Promise<void>;
  /** Milliseconds until the build has taken too long. */
  remainingMs: () => number;
}

/** GitHub takes some seconds to know a workflow that was just committed, as the stack may have done. */
const unknownMs = 60_000;

/**
 * The API, asked again while it does not know the workflow.
 * @param isCommitted whether the workflow's file is at the commit that is built; without it nothing is waited for
 */
export function knowingWorkflow(api: GitHubApi, isCommitted: boolean, world: WorkflowWorld): GitHubApi {
  const { workflow, pollMs } = world.settings;
  const until = performance.now() + (isCommitted ? Math.min(unknownMs, world.remainingMs()) : 0);
  async function patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let isTold = false; ; isTold = true) {
      try {
        return await ask();
      } catch (error) {
        if (!isGitHubRefusal(error, "missing")) throw error;
        if (performance.now() >= until) throw explained(error, world.settings);
      }
      if (!isTold) world.log(`GitHub does not know ${workflow} yet; it is asked again`);
      await world.pause(Math.min(pollMs, 3000));
    }
  }
  return {
    ...api,
    dispatch: (inputs, tellsRun) => patiently(() => api.dispatch(inputs, tellsRun)),
    runs: () => patiently(() => api.runs()),
  };
}

function explained(error: GitHubError, { workflow, ref }: GitHubSettings): GitHubError {
  const message = `${error.message}; the file is .github/workflows/${workflow}, on the default branch and on ${ref}`;
  return new GitHubError("missing", message, error.said, { cause: error });
}
