import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../contract/errors.ts";
import type { PlannedImage } from "../plan/plan.ts";
import type { GitHubApi } from "./api.ts";
import { createGitHubClient } from "./client.ts";
import { dispatchRun } from "./dispatch.ts";
import { activeRun } from "./find-run.ts";
import { type Followed, followRun } from "./follow.ts";
import { type GitHubSettings, githubSettings } from "./settings.ts";
import { differences, type Sources, sourcesOf } from "./source.ts";
import { knowingWorkflow, workflowInputs } from "./workflow.ts";

export interface GitHubBuildOptions {
  /** Settings and the token; docs/configuration.md lists them. */
  env: Readonly<Record<string, string | undefined>>;
  log: (line: string) => void;
  /** Breaks the build off; its reason is shown. The run at GitHub goes on, and a later build follows it. */
  signal: AbortSignal;
}

/**
 * Builds an image with a workflow of the repository, from the files that were fingerprinted, and pushes it. Whether the
 * registry shows it already is another question.
 * @throws {UserError} why it was not built, and what to do
 */
export async function buildOnGitHub(image: PlannedImage, { env, log, signal }: GitHubBuildOptions): Promise<void> {
  const settings = githubSettings(env);
  const sources = await sourcesOf(image);
  const inputs = workflowInputs(image, sources);
  const began = performance.now();
  const remainingMs = () => settings.timeoutMs - (performance.now() - began);
  const client = createGitHubClient(settings, { log, signal, patienceMs: remainingMs });
  const pause = pauseUntil(signal);
  let followed: Followed | undefined;
  try {
    const { commit, hasWorkflow } = await fingerprintedCommit(image.imageRef, sources, settings, client);
    const api = knowingWorkflow(client, hasWorkflow, { settings, log, remainingMs, pause });
    const world = { api, settings, log, pollMs: settings.pollMs, remainingMs, pause };
    const runs = await api.runs();
    const active = activeRun(runs, image.imageRef, commit);
    followed = { id: active?.id ?? (await dispatchRun(inputs, commit, runs, world)), url: undefined };
    await followRun(followed, { imageRef: image.imageRef, commit }, world);
  } catch (error) {
    if (!signal.aborted) throw error;
    const where =
      followed?.url === undefined ? "" : `; its run goes on at ${followed.url}, and the next pulumi up follows it`;
    throw new UserError(
      `the build of ${image.imageRef} with GitHub Actions was broken off: ${reasonOf(signal)}${where}`,
    );
  }
}

/** The commit that GitHub builds; only one that has the files whose fingerprint is the image's tag. */
async function fingerprintedCommit(
  imageRef: string,
  sources: Sources,
  { owner, repo, ref, workflow }: GitHubSettings,
  api: GitHubApi,
): Promise<{ commit: string; hasWorkflow: boolean }> {
  const { sha, tree } = await api.commit();
  const files = await api.files(tree);
  const [first, ...more] = differences(sources, files);
  if (first === undefined) {
    return { commit: sha, hasWorkflow: files.some(({ path }) => path === `.github/workflows/${workflow}`) };
  }
  const shown = [first, ...more.slice(0, 4)].join("; ");
  throw new UserError(
    `GitHub Actions would not build ${imageRef} from the files that are here: in ${owner}/${repo}, ${ref} is at ${sha.slice(0, 12)}, where ${shown}${more.length > 4 ? `; and ${more.length - 4} more` : ""}. Commit and push them to ${ref}, or pull what is there, or set COMFY_ENDPOINTS_GHA_REF to the branch that has them`,
  );
}

const pauseUntil =
  (signal: AbortSignal) =>
  async (milliseconds: number): Promise<void> => {
    await sleep(milliseconds, undefined, { signal });
  };

const reasonOf = ({ reason }: AbortSignal): string => (reason instanceof Error ? reason.message : String(reason));
