/** GitHub's answers, as its REST documentation has them; fields that are not used are left out. */
import { z } from "zod";
import type { Job, Run } from "./api.ts";

/** Ids that a number cannot hold arrive as bigint. */
const id = z.union([z.number(), z.bigint()]).transform(String);
const optional = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);

export const commitAnswer = z
  .object({ sha: z.string(), commit: z.object({ tree: z.object({ sha: z.string() }) }) })
  .transform(({ sha, commit }) => ({ sha, tree: commit.tree.sha }));

export const treeAnswer = z.object({
  truncated: z.boolean(),
  tree: z.array(z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string() })),
});

export const userAnswer = z.object({ login: z.string() });

export const dispatchAnswer = z.object({ workflow_run_id: id });

export const runAnswer = z
  .object({
    id,
    display_title: z.string(),
    head_sha: z.string(),
    head_branch: optional,
    actor: z.object({ login: z.string() }).nullish(),
    status: z.string().nullable(),
    conclusion: optional,
    html_url: z.string(),
  })
  .transform(
    (run): Run => ({
      id: run.id,
      title: run.display_title,
      commit: run.head_sha,
      branch: run.head_branch,
      actor: run.actor?.login,
      status: run.status ?? "queued",
      conclusion: run.conclusion,
      url: run.html_url,
    }),
  );

export const runsAnswer = z.object({ workflow_runs: z.array(runAnswer) });

const step = z
  .object({
    name: z.string(),
    number: z.number(),
    status: z.string(),
    conclusion: optional,
    started_at: optional,
    completed_at: optional,
  })
  .transform(({ started_at, completed_at, ...rest }) => ({
    ...rest,
    startedAt: started_at,
    completedAt: completed_at,
  }));

const job = z
  .object({ id, name: z.string(), status: z.string(), conclusion: optional, steps: z.array(step).optional() })
  .transform((answer): Job => ({ ...answer, steps: answer.steps ?? [] }));

export const jobsAnswer = z.object({ jobs: z.array(job) });
