import { createHash } from "node:crypto";

/** What a repository at GitHub is made of, as far as building images goes. */
export interface TestRepository {
  owner: string;
  name: string;
  /** Commits of branches and tags. */
  refs: Record<string, string>;
  commits: Map<string, Map<string, CommittedFile>>;
  workflow: TestWorkflow;
  runs: TestRun[];
  /** For workflows. */
  secrets: Map<string, string>;
  /** How the next dispatched runs go, in order; one that is not said succeeds at once. */
  plans: RunPlan[];
}

export interface CommittedFile {
  content: string;
  mode: string;
}

export interface TestWorkflow {
  file: string;
  inputs: string[];
  /** What a run is called. */
  runName: (inputs: Readonly<Record<string, string>>) => string;
}

export interface RunPlan {
  /** How many looks at the runs do not show it yet. */
  hiddenFor?: number;
  /** What each look at it shows; the last one stays. */
  stages?: Stage[];
  /** Commit that it runs at, when the branch has moved on. */
  commit?: string;
}

export interface Stage {
  status: string;
  conclusion?: string;
  jobs?: TestJob[];
}

export interface TestJob {
  name: string;
  status: string;
  conclusion?: string;
  steps?: { name: string; status: string; conclusion?: string; started_at?: string; completed_at?: string }[];
  /** Undefined when none is kept. */
  log?: string;
}

export interface TestRun {
  id: number;
  title: string;
  actor: string;
  branch: string;
  commit: string;
  inputs: Readonly<Record<string, string>>;
  createdAt: string;
  hiddenFor: number;
  stages: Stage[];
  canceled: boolean;
}

export const succeeded: Stage = {
  status: "completed",
  conclusion: "success",
  jobs: [{ name: "build", status: "completed", conclusion: "success" }],
};

/** The inputs of our own workflow, and how it calls its runs. */
export const ownWorkflow: TestWorkflow = {
  file: "build_golden_image.yml",
  inputs: ["image_ref", "dockerfile_path", "build_context", "build_args", "correlation_id"],
  runName: ({ image_ref = "", correlation_id = "" }) => image_ref + (correlation_id && ` (${correlation_id})`),
};

/** A workflow of the original's: no correlation id, and every run has its name. */
export const plainWorkflow: TestWorkflow = {
  file: "build_golden_image.yml",
  inputs: ownWorkflow.inputs.filter((name) => name !== "correlation_id"),
  runName: () => "Build Golden Image",
};

/** Puts a commit with these files at a branch; returns it. */
export function commitFiles(
  repository: TestRepository,
  branch: string,
  files: Readonly<Record<string, string | CommittedFile>>,
): string {
  const committed = Object.entries(files).map(
    ([path, file]) => [path, typeof file === "string" ? { content: file, mode: "100644" } : file] as const,
  );
  const sha = sha1(JSON.stringify([committed, repository.commits.size]));
  repository.commits.set(sha, new Map(committed));
  repository.refs[branch] = sha;
  return sha;
}

/** Adds a run as GitHub would, whoever started it. */
export function addRun(repository: TestRepository, run: Partial<TestRun> & Pick<TestRun, "actor">): TestRun {
  const added: TestRun = {
    id: 30_433_642 + repository.runs.length,
    title: "Build Golden Image",
    branch: "main",
    commit: repository.refs["main"] ?? "",
    inputs: {},
    createdAt: new Date().toISOString().replace(/\.\d+Z/, "Z"),
    ...{ hiddenFor: 0, stages: [succeeded], canceled: false },
    ...run,
  };
  repository.runs.push(added);
  return added;
}

/** What a look at a run shows; the next one shows what comes then. */
export function lookAtRun(run: TestRun): Stage {
  if (run.canceled) return { status: "completed", conclusion: "cancelled" };
  return (run.stages.length > 1 ? run.stages.shift() : run.stages[0]) ?? succeeded;
}

export const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");
