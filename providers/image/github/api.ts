/** What is asked of GitHub, in our words. */

export interface GitHubApi {
  /** The commit that a branch or tag is at. */
  commit(): Promise<{ sha: string; tree: string }>;
  /** Every file of a tree. */
  files(tree: string): Promise<RepositoryFile[]>;
  /** Login of the token's owner; undefined when it has none, as the token of a workflow. */
  login(): Promise<string | undefined>;
  /**
   * Starts the workflow, once.
   * @param tellsRun whether GitHub is asked for the run's id: older servers refuse the question
   * @returns the run's id; undefined when GitHub does not tell
   */
  dispatch(inputs: Readonly<Record<string, string>>, tellsRun: boolean): Promise<string | undefined>;
  /** The workflow's newest runs that somebody started. */
  runs(): Promise<Run[]>;
  /** @returns undefined when there is none */
  run(id: string): Promise<Run | undefined>;
  jobs(run: string): Promise<Job[]>;
  /** @returns undefined when there is none (yet, or any more) */
  jobLog(job: string): Promise<string | undefined>;
  cancel(run: string): Promise<void>;
}

export interface RepositoryFile {
  path: string;
  /** As git has it: 100644, 100755, 120000. */
  mode: string;
  /** Git's own hash of the content. */
  sha: string;
}

export interface Run {
  id: string;
  /** The workflow's run-name. */
  title: string;
  commit: string;
  branch: string | undefined;
  /** Login of who started it. */
  actor: string | undefined;
  /** queued, in_progress, completed, waiting, requested, pending. */
  status: string;
  /** success, failure, cancelled, …; undefined until it is completed. */
  conclusion: string | undefined;
  /** Page for people. */
  url: string;
}

export interface Job {
  id: string;
  name: string;
  status: string;
  conclusion: string | undefined;
  steps: Step[];
}

export interface Step {
  name: string;
  number: number;
  status: string;
  conclusion: string | undefined;
  /** ISO 8601, in whole seconds. */
  startedAt: string | undefined;
  completedAt: string | undefined;
}
